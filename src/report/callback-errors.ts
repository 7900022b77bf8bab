import type { Log } from '../ports.js';

/** Errors thrown by the user's own functions: each function's first is logged, all are counted, none costs an item. */
export class CallbackErrors {
    readonly #log: Log;
    readonly #counts = new Map<string, number>();

    constructor(log: Log) {
        this.#log = log;
    }

    /** The error's message stays out of the log: it may show the item. */
    add(option: string, error: unknown): void {
        const count = this.#counts.get(option) ?? 0;
        this.#counts.set(option, count + 1);
        if (count > 0) return;
        const reason = error instanceof Error ? error.name : typeof error;
        this.#log.error(`The option "${option}" threw; no item is lost for it. Said once, and counted.`, { reason });
    }

    /** Says how often, at the end. */
    summarize(): void {
        for (const [option, count] of this.#counts) {
            if (count > 1) this.#log.error(`The option "${option}" threw ${count} times in all.`);
        }
    }
}
