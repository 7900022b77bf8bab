import { RequestSender } from '../delivery/retry.js';
import type { InternalOptions, Log, Payload, QuarantineStore } from '../ports.js';
import type { Clock } from '../utils/clock.js';

export interface RecordWriterOptions {
    store: QuarantineStore;
    clock: Clock;
    internal: InternalOptions;
    log: Log;
    /** Aborted when nothing is to be written any more. */
    signal: AbortSignal;
}

/**
 * Writes payloads of quarantine records with the same care as items. Where the quarantine dataset cannot be opened or written,
 * they go to the run's default key-value store, with one error line.
 */
export class RecordWriter {
    readonly #options: RecordWriterOptions;
    #sender: Promise<RequestSender> | undefined;
    /** Set once the platform refuses the dataset: asking again for each request would not help. */
    #isRefused = false;
    #isReported = false;

    constructor(options: RecordWriterOptions) {
        this.#options = options;
    }

    /** Resolves to why the records are in neither place. */
    async write(payload: Payload): Promise<Error | undefined> {
        const error = this.#isRefused ? undefined : await this.#writeToDataset(payload);
        if (error === undefined && !this.#isRefused) return undefined;
        if (this.#options.signal.aborted) return error;
        try {
            await this.#writeWithRun(payload, error);
            return undefined;
        } catch (reason) {
            return reason as Error;
        }
    }

    /** Opens the quarantine dataset; after a failure, the next call tries again. */
    async #open(): Promise<RequestSender> {
        this.#sender ??= this.#options.store.open().then((sink) => new RequestSender({ ...this.#options, sink }));
        const sender = this.#sender;
        return sender.catch((error: Error) => {
            if (this.#sender === sender) this.#sender = undefined;
            throw error;
        });
    }

    async #writeToDataset(payload: Payload): Promise<Error | undefined> {
        try {
            const sender = await this.#open();
            const result = await sender.send(payload);
            this.#isRefused = result.kind === 'refused';
            return result.kind === 'stored' ? undefined : result.error;
        } catch (error) {
            return error as Error;
        }
    }

    async #writeWithRun(payload: Payload, reason: Error | undefined): Promise<void> {
        const { store, log } = this.#options;
        const lines = Array.from({ length: payload.itemCount }, (_, index) => `${payload.itemText(index)}\n`);
        const place = await store.storeWithRun(lines.join(''));
        if (this.#isReported) return;
        this.#isReported = true;
        log.error(
            `The quarantine dataset cannot be written: ${reason?.message}. Records go to ${place}, and to records named like it.`,
        );
    }
}
