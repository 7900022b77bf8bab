import type { InternalOptions, ItemSink, ListedPage } from '../ports.js';
import type { Clock } from '../utils/clock.js';

export interface PatientPagesOptions {
    sink: Pick<ItemSink, 'list' | 'isRemote'>;
    clock: Clock;
    internal: Pick<InternalOptions, 'listingLagMillis'>;
    signal: AbortSignal;
}

/** Reading back takes no longer than this. */
const MAX_READ_BACK_MILLIS = 20_000;
/** Gives a dataset up when no page of it could be read for this number of listing lags, 20 s. */
const UNREADABLE_LAGS = 2;
const FIRST_RETRY_MILLIS = 50;
const MAX_RETRY_MILLIS = 2_000;

/**
 * The pages of a dataset that is read back. The platform that lost an answer may be slow to list, too: a page that cannot be read is
 * asked for again, so that one failure among many pages does not void what the others have shown.
 */
export class PatientPages {
    readonly #options: PatientPagesOptions;
    /** On the monotonic clock: reading back ends then, whatever it has seen. */
    readonly until: number;
    #lastReadAt: number;

    constructor(options: PatientPagesOptions) {
        this.#options = options;
        this.#lastReadAt = options.clock.monotonic();
        this.until = this.#lastReadAt + MAX_READ_BACK_MILLIS;
    }

    /** On the monotonic clock; later once another page was read. What cannot be read on this machine will not be read later. */
    get giveUpAt(): number {
        if (!this.#options.sink.isRemote) return this.#lastReadAt;
        return Math.min(this.until, this.#lastReadAt + this.#options.internal.listingLagMillis * UNREADABLE_LAGS);
    }

    /** @throws what the last attempt threw, when it is time to give up */
    async list(offset: number, limit: number): Promise<ListedPage | undefined> {
        const { sink, clock, signal } = this.#options;
        for (let delayMillis = FIRST_RETRY_MILLIS; ; delayMillis = Math.min(delayMillis * 2, MAX_RETRY_MILLIS)) {
            try {
                const page = await sink.list(offset, limit);
                this.#lastReadAt = clock.monotonic();
                return page;
            } catch (error) {
                if (clock.monotonic() + delayMillis >= this.giveUpAt || signal.aborted) throw error;
                await clock.sleep(delayMillis, signal);
            }
        }
    }
}
