interface RoomWaiter {
    resolve: () => void;
    reject: (error: Error) => void;
}

/** The callers who wait until the quarantine can take more. */
export class RoomWaiters {
    #waiting: RoomWaiter[] = [];

    get isAwaited(): boolean {
        return this.#waiting.length > 0;
    }

    /** Resolves when there is room. Rejects with the error for which there will be none. */
    async wait(): Promise<void> {
        return new Promise<void>((resolve, reject) => {
            this.#waiting.push({ resolve, reject });
        });
    }

    /** There is room. */
    admit(): void {
        for (const { resolve } of this.#take()) resolve();
    }

    /** What takes up the room stays where it is. */
    refuse(error: Error): void {
        for (const { reject } of this.#take()) reject(error);
    }

    #take(): RoomWaiter[] {
        const taken = this.#waiting;
        this.#waiting = [];
        return taken;
    }
}
