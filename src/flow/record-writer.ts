import { Sender } from '../pipeline/deliver/sender.js';
import { TOO_LATE } from '../ports.js';
import type {
    Clock,
    Deadline,
    DeliveryCounters,
    Log,
    Payload,
    QuarantineStore,
    ReadBack,
    RecordFailure,
    Tuning,
} from '../ports.js';

export interface RecordWriterParts {
    store: QuarantineStore;
    clock: Clock;
    deadline: Deadline;
    tuning: Tuning;
    log: Log;
}

/** With less time left records that the quarantine does not take are saved with the run instead, for its next process. */
const MIN_TIME_BESIDE_MILLIS = 1_000;

/**
 * Stores payloads of quarantine records with the same care as items. Where the quarantine dataset cannot be opened or
 * written, they go to the run's default key-value store, with one error line; no item is dropped for it. Only what the
 * end of the run cuts short is handed back, to be saved and written by the run's next process.
 */
export class RecordWriter {
    readonly #parts: RecordWriterParts;
    readonly #counters: DeliveryCounters = { requests: 0, rejectedRequests: 0, retriedRequests: 0, sentBytes: 0 };
    #sender: Promise<Sender> | undefined;
    /** Set once the platform refuses the dataset: asking again for each request would not help. */
    #isRefused = false;
    #isReported = false;

    constructor(parts: RecordWriterParts) {
        this.#parts = parts;
    }

    /** Where in the quarantine dataset the records of the next request will lie, at the earliest. Never rejects. */
    async position(): Promise<number | undefined> {
        return this.#open().then(
            (sender) => sender.position,
            () => undefined,
        );
    }

    /** Resolves to why the records are in neither place; `readBack` as in `SendManner`. */
    async write(payload: Payload, readBack?: ReadBack): Promise<RecordFailure | undefined> {
        const failure = this.#isRefused ? undefined : await this.#writeToDataset(payload, readBack);
        if (failure === undefined && !this.#isRefused) return undefined;
        if (this.#endsSoon) return failure ?? { error: new Error(TOO_LATE), readBack };
        try {
            await this.#writeBeside(payload, failure?.error);
            return undefined;
        } catch (error) {
            return { error: error as Error, readBack: failure?.readBack };
        }
    }

    /** Puts an item that is too large for a record beside the quarantine. */
    async storeItem(key: string, itemText: string): ReturnType<QuarantineStore['storeItem']> {
        return this.#inTime(this.#parts.store.storeItem(key, itemText));
    }

    /** Which of the payload's records are in the quarantine dataset; `undefined` when the run's end came first. Never rejects. */
    async findStored(payload: Payload, readBack: ReadBack): Promise<ReadonlySet<number> | undefined> {
        try {
            const sender = await this.#open();
            return await sender.findStored(payload, readBack);
        } catch {
            return this.#isTooLate ? undefined : new Set();
        }
    }

    /** Opens the quarantine dataset; after a failure, the next call does. */
    async #open(): Promise<Sender> {
        const { store } = this.#parts;
        this.#sender ??= this.#inTime(store.open()).then(
            (sink) => new Sender({ ...this.#parts, sink, counters: this.#counters }),
        );
        const sender = this.#sender;
        return sender.catch((error: Error) => {
            if (this.#sender === sender) this.#sender = undefined;
            throw error;
        });
    }

    async #writeToDataset(payload: Payload, readBack: ReadBack | undefined): Promise<RecordFailure | undefined> {
        let sender;
        try {
            sender = await this.#open();
        } catch (error) {
            return { error: error as Error, readBack };
        }
        const result = await sender.send(payload, { readBack });
        if (result.kind === 'stored') return undefined;
        this.#isRefused = result.kind === 'refused';
        return { error: result.error, readBack: result.kind === 'unavailable' ? result.readBack : undefined };
    }

    async #writeBeside(payload: Payload, reason: Error | undefined): Promise<void> {
        const { store, log } = this.#parts;
        const lines = Array.from({ length: payload.itemCount }, (_, index) => `${payload.itemText(index)}\n`);
        const place = await this.#inTime(store.storeWithRun(lines.join('')));
        if (this.#isReported) return;
        this.#isReported = true;
        log.error(
            `The quarantine dataset cannot be written: ${reason?.message}. Records go to ${place}, and the like.`,
        );
    }

    /** What is written beside now might land after the end has cut it short, and the next process would write it again. */
    get #endsSoon(): boolean {
        const { deadline, clock } = this.#parts;
        return deadline.at - clock.now() < MIN_TIME_BESIDE_MILLIS;
    }

    get #isTooLate(): boolean {
        const { deadline, clock } = this.#parts;
        return deadline.at <= clock.now();
    }

    /** @throws Error when the run ends before: the SDK's client, which does this work, would try for minutes. */
    async #inTime<T>(work: Promise<T>): Promise<T> {
        const result = await this.#parts.deadline.race(work.then((value) => ({ value })));
        if (result === undefined) throw new Error(TOO_LATE);
        return result.value;
    }
}
