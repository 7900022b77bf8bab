import { TOO_LATE } from '../../ports.js';
import type {
    Clock,
    Deadline,
    DeliveryCounters,
    ItemSink,
    Log,
    Payload,
    ReadBack,
    SendManner,
    SendResult,
    Tuning,
} from '../../ports.js';
import { Ledger } from './ledger.js';

export interface SenderOptions {
    sink: ItemSink;
    clock: Clock;
    deadline: Deadline;
    tuning: Tuning;
    counters: DeliveryCounters;
    log: Log;
}

type Unavailable = Extract<SendResult, { kind: 'unavailable' }>;

/** Between two looks at a dataset in which items may yet show up. */
const FIRST_LOOK_MILLIS = 100;
const MAX_LOOK_MILLIS = 2_000;
/** A dataset that cannot be read for so many times the listing lag tells nothing. */
const UNREADABLE_LAGS = 12;

/**
 * Gets one request to the platform: tried again after what can pass, with exponential back-off and jitter, and never
 * blindly. After an unknown outcome the dataset is read back first. Where that cannot tell, the items are sent again:
 * at least once always wins over at most once.
 */
export class Sender {
    readonly #options: SenderOptions;
    readonly #ledger: Ledger;

    constructor(options: SenderOptions) {
        this.#options = options;
        this.#ledger = new Ledger(options.sink);
    }

    /** The offset from which on the items of a request that begins now will lie. */
    get position(): number {
        return this.#ledger.position;
    }

    /** Sends the payload; with `readBack`, only if its items are not in the dataset already. */
    async send(payload: Payload, { readBack, isStale }: SendManner = {}): Promise<SendResult> {
        const position = this.#ledger.begin();
        let storedItems = 0;
        try {
            const sighting = readBack && (await this.#settleUnknown(payload, readBack));
            if (sighting === 'landed') return { kind: 'stored' };
            if (sighting === 'deadline') return { ...DEADLINE_PASSED, readBack };
            const before = readBack === undefined ? { from: position, attempts: 0 } : { attempts: 1, ...readBack };
            const result = await this.#sendAgainAndAgain(payload, before, isStale);
            if (result.kind === 'stored' && !result.seen) storedItems = payload.itemCount;
            return result;
        } finally {
            this.#ledger.end(storedItems);
        }
    }

    /** `seen`: not the platform's word, but found there, and counted in the position already. */
    async #sendAgainAndAgain(
        payload: Payload,
        { from, attempts: earlierAttempts }: { from: number; attempts: number },
        isStale?: () => boolean,
    ): Promise<SendResult & { seen?: boolean }> {
        const { sink, clock, deadline, tuning, counters, log } = this.#options;
        // Kept once one of the attempts may have been stored: the next to send the items looks for it, too.
        let readBack: ReadBack | undefined;
        for (let retries = 0; ; retries++) {
            const result = await this.#attempt(payload);
            if (result.kind !== 'unavailable' || !sink.retries) return result;

            const failedAt = clock.now();
            if (result.outcomeUnknown) {
                readBack = { from, sentBefore: failedAt, attempts: (readBack?.attempts ?? earlierAttempts) + 1 };
            }
            const sighting = result.outcomeUnknown && (await this.#settleUnknown(payload, readBack!));
            if (sighting === 'landed') return { kind: 'stored', seen: true };
            if (sighting === 'deadline' || retries >= tuning.maxRetries) return { ...result, readBack };
            if (retries === 0) {
                log.warning('A request to the dataset failed and is tried again.', { reason: result.error.message });
            }
            // Jitter, so that many writers do not come back at once; like apify-client between once and twice the delay.
            const delayMillis = tuning.firstRetryDelayMillis * 2 ** retries * (1 + Math.random());
            const inTime = await deadline.wait(Math.max(0, failedAt + delayMillis - clock.now()));
            if (!inTime) return { ...result, readBack };
            // They were looked for, and are not there.
            if (isStale?.()) return { ...result, outcomeUnknown: false };
            counters.retriedRequests++;
        }
    }

    async #attempt(payload: Payload): Promise<SendResult> {
        const { sink, clock, deadline, counters } = this.#options;
        if (deadline.at <= clock.now()) return { ...DEADLINE_PASSED, outcomeUnknown: false };
        counters.requests++;
        counters.sentBytes += payload.byteLength;
        const result = (await deadline.race(sink.send(payload))) ?? DEADLINE_PASSED;
        if (result.kind === 'invalid' || result.kind === 'bad-request' || result.kind === 'too-large') {
            counters.rejectedRequests++;
        }
        return result;
    }

    /**
     * Finds out which of the items are in the dataset, where several requests may have carried them. Resolves to their indexes,
     * or to `undefined` when the run's end came first.
     */
    async findStored(payload: Payload, readBack: ReadBack): Promise<ReadonlySet<number> | undefined> {
        this.#ledger.begin();
        try {
            const look = async () => this.#ledger.find(payload, readBack.from);
            const found = await this.#lookUntil(look, ({ size }) => size === payload.itemCount, readBack);
            return found === 'unreadable' ? new Set() : found;
        } finally {
            this.#ledger.end(0);
        }
    }

    async #settleUnknown(payload: Payload, readBack: ReadBack): Promise<'landed' | 'absent' | 'deadline'> {
        const look = async () => this.#ledger.look(payload, readBack.from, readBack.attempts);
        const sighting = await this.#lookUntil(look, (seen) => seen !== 'absent', readBack);
        if (sighting === undefined) return 'deadline';
        return sighting === 'landed' ? 'landed' : 'absent';
    }

    /** Looks until what is seen settles it, or until the items would have shown up if they were there. */
    async #lookUntil<T>(
        look: () => Promise<T>,
        isSettled: (seen: T) => boolean,
        { sentBefore }: ReadBack,
    ): Promise<T | 'unreadable' | undefined> {
        const { clock, deadline, tuning } = this.#options;
        const visibleAt = sentBefore + tuning.listingLagMillis;
        const giveUpAt = clock.now() + tuning.listingLagMillis * UNREADABLE_LAGS;
        for (let delayMillis = FIRST_LOOK_MILLIS; ; delayMillis = Math.min(delayMillis * 2, MAX_LOOK_MILLIS)) {
            const lookedAt = clock.now();
            // The platform that lost the answer may be slow to list, too.
            const seen = await deadline.race(look().catch(() => 'unreadable' as const));
            if (seen === undefined || lookedAt >= giveUpAt) return seen;
            if (seen !== 'unreadable' && (isSettled(seen) || lookedAt >= visibleAt)) return seen;
            const leftMillis = lookedAt < visibleAt ? Math.max(1, visibleAt - clock.now()) : Infinity;
            if (!(await deadline.wait(Math.min(delayMillis, leftMillis)))) return undefined;
        }
    }
}

const DEADLINE_PASSED: Unavailable = {
    kind: 'unavailable',
    outcomeUnknown: true,
    error: new Error(TOO_LATE),
};
