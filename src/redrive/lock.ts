import { RedriveError } from '../errors.js';
import type { JournalStore, Log } from '../ports.js';
import type { Clock } from '../utils/clock.js';
import { within } from '../utils/clock.js';
import type { LockHolder } from './lock-holder.js';
import { createHolder, describeHolder, forgetHolder, isHolderAlive, parseHolder } from './lock-holder.js';

export interface LockTimes {
    renewMillis: number;
    /** A holder that cannot be asked is dead when its lock was not renewed while it was watched for this long. */
    deadMillis: number;
    pollMillis: number;
}

export interface LockOptions {
    clock: Clock;
    log: Log;
    runId: string | undefined;
    /** Ends watching another holder. */
    signal?: AbortSignal | undefined;
    times?: Partial<LockTimes> | undefined;
}

const KEY = 'LOCK';
const LOCK_TIMES: LockTimes = { renewMillis: 10_000, deadMillis: 40_000, pollMillis: 1_000 };
/** The client tries again for minutes, and a redrive that is done must not wait for that. */
const MAX_RELEASE_MILLIS = 10_000;

/** One redrive of a quarantine at a time. */
export class Lock {
    readonly #store: JournalStore;
    readonly #options: LockOptions;
    readonly #times: LockTimes;
    readonly #holder: LockHolder;
    #cancelTimer: () => void = () => undefined;
    #renewal: Promise<void> = Promise.resolve();
    #isReleased = false;

    private constructor(store: JournalStore, options: LockOptions, holder: LockHolder, times: LockTimes) {
        this.#store = store;
        this.#options = options;
        this.#holder = holder;
        this.#times = times;
        this.#scheduleRenewal();
    }

    /** @throws RedriveError while another redrive holds it */
    static async acquire(store: JournalStore, options: LockOptions): Promise<Lock> {
        const { clock, runId } = options;
        const times = { ...LOCK_TIMES, ...options.times };
        const holder = createHolder(runId, clock.now());
        try {
            if (!(await store.create(KEY, JSON.stringify(holder)))) {
                await removeIfDead(store, options, holder, times);
                if (!(await store.create(KEY, JSON.stringify(holder)))) {
                    throw inProgress(parseHolder(await store.read(KEY)), store);
                }
            }
        } catch (error) {
            forgetHolder(holder);
            throw error;
        }
        return new Lock(store, options, holder, times);
    }

    /** @throws RedriveError when another redrive has taken the lock, which it may where this process stood still */
    async check(): Promise<void> {
        const other = parseHolder(await this.#store.read(KEY));
        if (other?.id !== this.#holder.id) throw inProgress(other, this.#store);
    }

    /** As `check`, where everything is stored: a lock that cannot be read proves nothing then. */
    async checkIfReadable(): Promise<void> {
        let text: string | undefined;
        try {
            text = await this.#store.read(KEY);
        } catch {
            return;
        }
        const other = parseHolder(text);
        if (other !== undefined && other.id !== this.#holder.id) throw inProgress(other, this.#store);
    }

    /** Never rejects: a lock that is left behind costs the next redrive some seconds, and no item. */
    async release(): Promise<void> {
        this.#isReleased = true;
        this.#cancelTimer();
        const removal = this.#remove().then(
            () => 'removed' as const,
            (error: Error) => error,
        );
        const result = (await within(removal, MAX_RELEASE_MILLIS)) ?? new Error('the store does not answer');
        forgetHolder(this.#holder);
        if (result === 'removed') return;
        this.#options.log.warning(
            `The lock of this redrive could not be removed (${result.message}). The items are not affected. A redrive on ` +
                `another host waits ${this.#times.deadMillis / 1_000} s for it, unless you delete record ${KEY} of ${this.#store.name}.`,
        );
    }

    async #remove(): Promise<void> {
        // A renewal that is under way would write the lock again.
        await this.#renewal;
        if (parseHolder(await this.#store.read(KEY))?.id === this.#holder.id) await this.#store.remove(KEY);
    }

    #scheduleRenewal(): void {
        this.#cancelTimer = this.#options.clock.after(this.#times.renewMillis, () => {
            this.#renewal = this.#renew()
                .catch(() => undefined)
                .finally(() => {
                    if (!this.#isReleased) this.#scheduleRenewal();
                });
        });
    }

    async #renew(): Promise<void> {
        await this.check();
        this.#holder.renewals++;
        this.#holder.at = new Date(this.#options.clock.now()).toISOString();
        await this.#store.write(KEY, JSON.stringify(this.#holder));
    }
}

/** @throws RedriveError unless the holder of the lock is dead */
async function removeIfDead(
    store: JournalStore,
    options: LockOptions,
    own: LockHolder,
    times: LockTimes,
): Promise<void> {
    const text = await store.read(KEY);
    if (text === undefined) return;
    const other = parseHolder(text);
    const isAlive = other === undefined ? undefined : isHolderAlive(other, own);
    if (isAlive === true) throw inProgress(other, store);
    if (isAlive === undefined) await watch(text, store, options, times);
    // Another watcher may have been faster.
    const current = await store.read(KEY);
    if (current !== undefined && current !== text) throw inProgress(parseHolder(current), store);
    await store.remove(KEY);
}

/** Resolves once the lock was not renewed for so long that its holder is dead. @throws RedriveError as soon as it is renewed */
async function watch(
    text: string,
    store: JournalStore,
    { clock, log, signal }: LockOptions,
    { deadMillis, pollMillis }: LockTimes,
): Promise<void> {
    const other = parseHolder(text);
    log.info(
        `The quarantine is locked by ${describeHolder(other)}. This redrive watches for up to ${deadMillis / 1_000} s whether ` +
            'the lock is renewed, and begins if it is not.',
    );
    const startedAt = clock.monotonic();
    while (clock.monotonic() - startedAt < deadMillis) {
        await clock.sleep(pollMillis, signal);
        const current = await store.read(KEY);
        if (current === undefined) return;
        if (current !== text || signal?.aborted) throw inProgress(parseHolder(current), store);
    }
}

function inProgress(other: LockHolder | undefined, store: JournalStore): RedriveError {
    return new RedriveError(
        `The quarantine is being redriven by ${describeHolder(other)}. Wait until it is done. ` +
            `If that process does not redrive, delete record ${KEY} of ${store.name}.`,
    );
}
