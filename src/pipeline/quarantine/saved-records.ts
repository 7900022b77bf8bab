/** Records that are saved with the run together. */
export class SavedRecords {
    readonly #count: number;
    readonly #onDone: () => void;
    #left: number;

    /** `onDone` is called when all of them are in quarantine. */
    constructor(count: number, onDone: () => void) {
        this.#count = count;
        this.#left = count;
        this.#onDone = onDone;
    }

    /** Whether none of them is in quarantine yet: what was saved is what is pending. */
    get isWhole(): boolean {
        return this.#left === this.#count;
    }

    /** One of them is in quarantine, or saved elsewhere. */
    leave(): void {
        this.#left--;
        if (this.#left === 0) this.#onDone();
    }
}

/** Something that may be saved, and may be done with in the meantime. */
interface Savable {
    saved?: SavedRecords;
    isDone?: boolean;
}

/** All of these are saved together now. */
export function markSaved(all: readonly Savable[], onDone: () => void): void {
    const saved = new SavedRecords(all.length, onDone);
    for (const one of all) {
        if (one.isDone) continue;
        one.saved?.leave();
        one.saved = saved;
    }
    for (const { isDone } of all) if (isDone) saved.leave();
}
