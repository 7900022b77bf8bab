import type { RecordDraft, RecordTarget } from './record.js';
import type { Writable } from '../utils/writable.js';

interface PendingDraft {
    readonly draft: RecordDraft;
}

/**
 * Stores the items that their records cannot hold beside the quarantine, one after the other. They cost only themselves: meanwhile
 * all other records are written.
 */
export class ItemsBeside<Pending extends PendingDraft> {
    /** Bytes of the items that are not stored yet. */
    readonly bytes: number = 0;
    readonly #target: Pick<RecordTarget, 'store'>;
    readonly #onStored: () => void;
    readonly #onFailed: (failed: readonly Pending[], reason: unknown) => void;
    readonly #pending = new Set<Pending>();
    /** Those that cannot be stored now. */
    readonly #unstorable = new Set<Pending>();
    #isStoring = false;

    /** `onStored`: a record is complete. `onFailed`: the items of these cannot be stored until `tryAgain`. */
    constructor(
        target: Pick<RecordTarget, 'store'>,
        onStored: () => void,
        onFailed: (failed: readonly Pending[], reason: unknown) => void,
    ) {
        this.#target = target;
        this.#onStored = onStored;
        this.#onFailed = onFailed;
    }

    get hasUnstorable(): boolean {
        return this.#unstorable.size > 0;
    }

    isUnstorable(pending: Pending): boolean {
        return this.#unstorable.has(pending);
    }

    add(pending: Pending): void {
        if (this.#pending.has(pending)) return;
        this.#pending.add(pending);
        (this as Writable<ItemsBeside<Pending>>).bytes += pending.draft.head.itemBytes;
    }

    /** Its item is stored, or its caller has it back. */
    remove(pending: Pending): void {
        if (!this.#pending.delete(pending)) return;
        this.#unstorable.delete(pending);
        (this as Writable<ItemsBeside<Pending>>).bytes -= pending.draft.head.itemBytes;
    }

    tryAgain(): void {
        this.#unstorable.clear();
    }

    /** Never rejects. */
    async store(): Promise<void> {
        if (this.#isStoring) return;
        this.#isStoring = true;
        for (let next = this.#storable(); next.length > 0; next = this.#storable()) {
            const failed: Pending[] = [];
            let reason: unknown;
            for (const pending of next) {
                // Its caller got it back meanwhile.
                if (!this.#pending.has(pending)) continue;
                try {
                    await pending.draft.storeItem(this.#target);
                    this.remove(pending);
                    this.#onStored();
                } catch (error) {
                    reason = error;
                    failed.push(pending);
                }
            }
            const kept = failed.filter((pending) => this.#pending.has(pending));
            for (const pending of kept) this.#unstorable.add(pending);
            if (kept.length > 0) this.#onFailed(kept, reason);
        }
        this.#isStoring = false;
    }

    #storable(): Pending[] {
        return [...this.#pending].filter((pending) => !this.#unstorable.has(pending));
    }
}
