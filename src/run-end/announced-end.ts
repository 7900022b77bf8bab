import type { Clock } from '../utils/clock.js';

/** At a move the run goes on in another process; of an aborted run the data is not judged. */
export type EndKind = 'move' | 'abort' | 'end';

/** The process may live a little longer than it was told. */
const GRACE_MILLIS = 1_000;
/** An end that has not come in time may still come at any moment for so long. */
const OVERDUE_MILLIS = 60_000;

/** When the process may be gone, as far as that was announced. */
export class AnnouncedEnd {
    readonly #clock: Clock;
    readonly #onPassed: () => void;
    readonly #onOverdue: () => void;
    /** On the monotonic clock. */
    #deadline = Infinity;
    readonly #kinds = new Set<EndKind>();
    #cancelTimer: (() => void) | undefined;

    /** `onPassed` is called when the process has outlived its end, and `onOverdue` when that end is not expected any more. */
    constructor(clock: Clock, onPassed: () => void, onOverdue: () => void) {
        this.#clock = clock;
        this.#onPassed = onPassed;
        this.#onOverdue = onOverdue;
    }

    get isAnnounced(): boolean {
        return this.#deadline !== Infinity;
    }

    get isMove(): boolean {
        return this.#kinds.has('move');
    }

    get isAbort(): boolean {
        return this.#kinds.has('abort');
    }

    /** On the monotonic clock; `Infinity` where no end is announced. */
    get deadline(): number {
        return this.#deadline;
    }

    get remainingMillis(): number {
        return Math.max(0, this.#deadline - this.#clock.monotonic());
    }

    /** The process may be gone in `remainingMillis`. Of several ends the earliest counts. */
    announce(kind: EndKind, remainingMillis: number): void {
        this.#kinds.add(kind);
        this.#deadline = Math.min(this.#deadline, this.#clock.monotonic() + remainingMillis);
        this.stop();
        this.#cancelTimer = this.#clock.after(this.remainingMillis + GRACE_MILLIS, () => {
            this.#forget();
            this.#onPassed();
            this.#cancelTimer = this.#clock.after(OVERDUE_MILLIS, this.#onOverdue);
        });
    }

    /** It does not come. */
    withdraw(): void {
        this.stop();
        this.#forget();
    }

    /** Nobody needs to be told any more that it has not come. */
    stop(): void {
        this.#cancelTimer?.();
    }

    #forget(): void {
        this.#deadline = Infinity;
        this.#kinds.clear();
    }
}
