import type { Clock } from '../utils/clock.js';

/** At a move the run goes on in another process; of an aborted run the data is not judged. */
export type EndKind = 'move' | 'abort' | 'timeout' | 'metamorph' | 'exit';

/** The process may live a little longer than it was told. */
const GRACE_MILLIS = 1_000;
/** An end that has not come in time may still come at any moment for so long. */
const OVERDUE_MILLIS = 60_000;

/** When the process may be gone, as far as that was announced. Several ends may be announced at once: the earliest counts. */
export class AnnouncedEnd {
    readonly #clock: Clock;
    readonly #onPassed: () => void;
    readonly #onOverdue: () => void;
    /** On the monotonic clock. */
    readonly #deadlines = new Map<EndKind, number>();
    #cancelTimer: (() => void) | undefined;

    /** `onPassed` is called when the process has outlived all its ends, and `onOverdue` when none is expected any more. */
    constructor(clock: Clock, onPassed: () => void, onOverdue: () => void) {
        this.#clock = clock;
        this.#onPassed = onPassed;
        this.#onOverdue = onOverdue;
    }

    get isAnnounced(): boolean {
        return this.#deadlines.size > 0;
    }

    get isMove(): boolean {
        return this.#deadlines.has('move');
    }

    get isAbort(): boolean {
        return this.#deadlines.has('abort');
    }

    /** On the monotonic clock; `Infinity` where no end is announced. */
    get deadline(): number {
        return Math.min(...this.#deadlines.values());
    }

    get remainingMillis(): number {
        return Math.max(0, this.deadline - this.#clock.monotonic());
    }

    /** The process may be gone in `remainingMillis`. */
    announce(kind: EndKind, remainingMillis: number): void {
        const deadline = this.#clock.monotonic() + remainingMillis;
        this.#deadlines.set(kind, Math.min(deadline, this.#deadlines.get(kind) ?? Infinity));
        this.#watch();
    }

    /** This one does not come. */
    withdraw(kind: EndKind): void {
        this.#deadlines.delete(kind);
        this.#watch();
    }

    /** Nobody needs to be told any more that an end has not come. */
    stop(): void {
        this.#cancelTimer?.();
    }

    #watch(): void {
        this.stop();
        if (!this.isAnnounced) return;
        this.#cancelTimer = this.#clock.after(this.remainingMillis + GRACE_MILLIS, () => {
            this.#forgetPassed();
            if (this.isAnnounced) {
                this.#watch();
                return;
            }
            this.#onPassed();
            this.#cancelTimer = this.#clock.after(OVERDUE_MILLIS, this.#onOverdue);
        });
    }

    #forgetPassed(): void {
        for (const [kind, deadline] of this.#deadlines) {
            if (deadline <= this.#clock.monotonic()) this.#deadlines.delete(kind);
        }
    }
}
