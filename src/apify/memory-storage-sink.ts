import type { Dataset } from 'apify';

import type { InternalOptions, Payload, SendResult } from '../ports.js';
import { asError, LocalItemSink } from './local-item-sink.js';

/** Whether the dataset lives in the SDK's storage for local runs, which writes a file for each item. */
export function isMemoryStorage(dataset: Dataset): boolean {
    return (dataset.client as { datasetDirectory?: unknown }).datasetDirectory !== undefined;
}

/** A payload on its way to its files. */
interface Job {
    readonly payload: Payload;
    begun: number;
    ended: number;
    readonly stored: Set<number>;
    failure?: { readonly reason: unknown };
    readonly done: () => void;
}

/**
 * Stores items in the memory storage one by one, `maxLocalWrites` at a time, whichever payload they are of: one after the
 * other, as it writes an array, they take several times as long. It numbers an item as its call begins, so that calls that
 * begin in order make files in order.
 */
export class MemoryStorageItemSink extends LocalItemSink {
    readonly maxOrderedRequests = 4;
    readonly #maxLocalWrites: number;
    /** Payloads whose items have not begun to be written. */
    readonly #jobs: Job[] = [];
    #writers = 0;

    constructor(dataset: Dataset, { maxLocalWrites }: InternalOptions) {
        super(dataset);
        this.#maxLocalWrites = maxLocalWrites;
    }

    /**
     * Resolves when no write is under way any more, also when one fails: what is being written must not be taken for missing. Each
     * write tells whether its item is stored, so that nothing needs to be looked for.
     */
    override async send(payload: Payload): Promise<SendResult> {
        const { failure, stored } = await new Promise<Job>((resolve) => {
            const begins: Job = { payload, begun: 0, ended: 0, stored: new Set(), done: () => resolve(begins) };
            this.#jobs.push(begins);
            while (this.#writers < this.#maxLocalWrites && this.#jobs.length > 0) void this.#writeSome();
        });
        if (failure === undefined) return { kind: 'stored' };
        return { kind: 'unavailable', outcomeUnknown: false, error: asError(failure.reason), storedIndexes: stored };
    }

    async #writeSome(): Promise<void> {
        this.#writers++;
        for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
            const { payload } = job;
            const index = job.begun++;
            if (job.begun === payload.itemCount) this.#jobs.shift();
            try {
                await this.dataset.client.pushItems(payload.itemText(index));
                job.stored.add(index);
            } catch (reason) {
                this.#stop(job, reason);
            }
            job.ended++;
            if (isOver(job)) job.done();
        }
        this.#writers--;
    }

    /** A full disk stays full, and what comes later must not overtake what failed: nothing more is begun of what waits. */
    #stop(job: Job, reason: unknown): void {
        job.failure ??= { reason };
        for (const other of this.#jobs.splice(0)) {
            other.failure ??= { reason };
            if (other !== job && isOver(other)) other.done();
        }
    }
}

/** Whether nothing of it is being written, nor will be. */
function isOver({ payload, begun, ended, failure }: Job): boolean {
    return ended === (failure === undefined ? payload.itemCount : begun);
}
