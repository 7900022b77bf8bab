import type { Writable } from '../utils/writable.js';
import { isAwaited, type Waiter } from '../waiter.js';
import type { RecordDraft } from './record.js';

/** A record that is not stored yet. */
export interface PendingRecord {
    /** Its place in the order, from 1. */
    readonly number: number;
    readonly draft: RecordDraft;
    readonly waiter: Waiter | undefined;
    /** Zero-based position of the item in its push. */
    readonly position: number;
}

/** The records that are not stored yet, in the order in which their items were rejected. */
export class PendingRecords {
    /** Bytes of their items. Those of a record that came from the quarantine count with their first size. */
    readonly bytes: number = 0;
    readonly all: readonly PendingRecord[] = [];
    #lastNumber = 0;

    /** Of the last that was added; 0 before. */
    get lastNumber(): number {
        return this.#lastNumber;
    }

    /** Those that nobody waits for. */
    get unawaited(): PendingRecord[] {
        return this.all.filter(({ waiter }) => !isAwaited(waiter));
    }

    get waiters(): Waiter[] {
        return this.all.flatMap(({ waiter }) => waiter ?? []);
    }

    add(draft: RecordDraft, waiter?: Waiter, position = 0): void {
        (this.all as PendingRecord[]).push({ number: ++this.#lastNumber, draft, waiter, position });
        (this as Writable<PendingRecords>).bytes += draft.head.itemBytes;
    }

    remove(done: readonly PendingRecord[]): void {
        const gone = new Set(done);
        (this as Writable<PendingRecords>).all = this.all.filter((pending) => !gone.has(pending));
        for (const { draft } of done) (this as Writable<PendingRecords>).bytes -= draft.head.itemBytes;
    }
}
