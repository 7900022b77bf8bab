import { Sender } from './pipeline/deliver/sender.js';
import type { Clock, Deadline, DeliveryCounters, Log, Payload, QuarantineStore, Tuning } from './ports.js';

export interface RecordWriterParts {
    store: QuarantineStore;
    clock: Clock;
    deadline: Deadline;
    tuning: Tuning;
    log: Log;
}

/**
 * Stores payloads of quarantine records with the same care as items. Where the quarantine dataset cannot be opened or
 * written, they go to the run's default key-value store, with one error line; no item is dropped for it.
 */
export class RecordWriter {
    readonly #parts: RecordWriterParts;
    readonly #counters: DeliveryCounters = { requests: 0, rejectedRequests: 0, retriedRequests: 0, sentBytes: 0 };
    #sender: Sender | undefined;
    /** Set once the platform refuses the dataset: asking again for each request would not help. */
    #isRefused = false;
    #isReported = false;

    constructor(parts: RecordWriterParts) {
        this.#parts = parts;
    }

    /** Rejects when neither place takes the records. */
    async write(payload: Payload): Promise<void> {
        const error = this.#isRefused ? undefined : await this.#writeToDataset(payload);
        if (error === undefined && !this.#isRefused) return;
        const lines = Array.from({ length: payload.itemCount }, (_, index) => `${payload.itemText(index)}\n`);
        const place = await this.#parts.store.storeWithRun(lines.join(''));
        if (this.#isReported) return;
        this.#isReported = true;
        this.#parts.log.error(
            `The quarantine dataset cannot be written: ${error?.message}. Records go to ${place}, and the like.`,
        );
    }

    async #writeToDataset(payload: Payload): Promise<Error | undefined> {
        try {
            this.#sender ??= new Sender({
                ...this.#parts,
                sink: await this.#parts.store.open(),
                counters: this.#counters,
            });
            const result = await this.#sender.send(payload);
            if (result.kind === 'stored') return undefined;
            this.#isRefused = result.kind === 'refused';
            return result.error;
        } catch (error) {
            return error as Error;
        }
    }
}
