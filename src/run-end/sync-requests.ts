import type { SyncStorage } from '../apify/sync-storages.js';
import type { SendResult } from '../ports.js';
import { monotonicMillis } from '../utils/clock.js';
import type { FirstRequests } from '../utils/request-sync.js';
import { sleepSync } from './sleep-sync.js';

/** The platform may be well again after a moment: a request that it limited in rate, a connection that was cut. */
const FIRST_PAUSE_MILLIS = 200;
const MAX_TRIES = 5;
/** Less is no time for another try: a child has to start. */
const MIN_TRY_MILLIS = 500;

/** The requests that a process makes as it ends: the time that is left for them, and what is to be made before the first of them. */
export class SyncRequests {
    readonly #until: number;
    #first: FirstRequests | undefined;

    /** `until`: on the monotonic clock. */
    constructor(until: number) {
        this.#until = until;
    }

    get leftMillis(): number {
        return Math.max(0, this.#until - monotonicMillis());
    }

    get first(): FirstRequests | undefined {
        return this.#first;
    }

    /** To be made before anything is sent. */
    makeFirst(requests: FirstRequests): void {
        this.#first = requests;
    }

    /** Returns a result for each body that was sent. */
    pushAll(storage: SyncStorage, bodies: readonly Buffer[]): SendResult[] {
        return storage.pushAll(bodies, this.leftMillis, this.#first);
    }

    /** Returns false where there will not be another try. */
    pauseBefore(tries: number): boolean {
        const pauseMillis = FIRST_PAUSE_MILLIS * 2 ** (tries - 2);
        if (tries > MAX_TRIES || this.leftMillis < pauseMillis + MIN_TRY_MILLIS) return false;
        sleepSync(pauseMillis);
        return true;
    }
}
