import { AsyncLocalStorage } from 'node:async_hooks';

import type { DatasetGuardOptions } from '../options.js';
import type { CallbackErrors } from '../report/callback-errors.js';
import { within } from '../utils/clock.js';

/** The next record is announced after so long, whether or not the callback has settled. */
const MAX_CALLBACK_MILLIS = 10_000;

type OnQuarantine = NonNullable<DatasetGuardOptions<any>['onQuarantine']>;

const insideCallback = new AsyncLocalStorage<true>();

/** Calls `onQuarantine` with each record once it is stored, in order. A callback that never settles holds up nothing but itself. */
export class Announcer {
    readonly #callback: OnQuarantine | undefined;
    readonly #errors: CallbackErrors;
    #announced: Promise<unknown> = Promise.resolve();

    constructor(callback: OnQuarantine | undefined, errors: CallbackErrors) {
        this.#callback = callback;
        this.#errors = errors;
    }

    announce(recordTexts: readonly string[]): void {
        const callback = this.#callback;
        if (callback === undefined) return;
        this.#announced = this.#announced.then(async () => {
            for (const text of recordTexts) {
                const called = insideCallback.run(true, async () => callback(JSON.parse(text)));
                await within(
                    called.catch((error: unknown) => this.#errors.add('onQuarantine', error)),
                    MAX_CALLBACK_MILLIS,
                );
            }
        });
    }

    /** Resolves when all callbacks have settled. At once when a callback asks, which would wait for itself. */
    async settled(): Promise<void> {
        if (insideCallback.getStore() === undefined) await this.#announced;
    }
}
