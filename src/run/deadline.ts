import type { Clock, Deadline } from '../ports.js';

/** The time by which a run must have let go. It only ever moves closer, and waits end when it does. */
export class MovableDeadline implements Deadline {
    readonly #clock: Clock;
    readonly #moved = new Set<() => void>();
    #at = Infinity;

    constructor(clock: Clock) {
        this.#clock = clock;
    }

    get at(): number {
        return this.#at;
    }

    /** Moves the deadline to `at`, in milliseconds since the epoch, if that is sooner. */
    bringForward(at: number): void {
        if (at >= this.#at) return;
        this.#at = at;
        for (const moved of [...this.#moved]) moved();
    }

    async wait(millis: number): Promise<boolean> {
        const until = this.#clock.now() + millis;
        return (await this.race(this.#clock.sleep(millis).then(() => true))) ?? this.#clock.now() >= until;
    }

    async race<T>(work: Promise<T>): Promise<T | undefined> {
        let cancelTimer: (() => void) | undefined;
        let arm: () => void = () => undefined;
        const passed = new Promise<undefined>((resolve) => {
            arm = () => {
                cancelTimer?.();
                const millis = this.#at - this.#clock.now();
                if (millis <= 0) resolve(undefined);
                else if (millis !== Infinity) cancelTimer = this.#clock.after(millis, () => resolve(undefined));
            };
        });
        this.#moved.add(arm);
        arm();
        try {
            return await Promise.race([work, passed]);
        } finally {
            this.#moved.delete(arm);
            cancelTimer?.();
        }
    }
}
