import type { Writable } from '../utils/writable.js';

/** Counts the values of each kind at each place of one item where there may be any number of them: in arrays and maps. */
export class ElementCounts {
    /** By slot: that of a node and one more for each kind. */
    readonly counts: Int32Array = new Int32Array(0);
    /** Slots that are not 0. */
    readonly touched: number[] = [];

    add(slot: number): void {
        if (this.counts[slot]!++ === 0) this.touched.push(slot);
    }

    /** Pairs of a slot and its count, which is 0 from now on. */
    take(): number[] {
        const taken: number[] = [];
        for (const slot of this.touched) {
            taken.push(slot, this.counts[slot]!);
            this.counts[slot] = 0;
        }
        this.touched.length = 0;
        return taken;
    }

    /** The number of slots has become larger. */
    makeRoom(slots: number): void {
        if (slots <= this.counts.length) return;
        const larger = new Int32Array(slots * 2);
        larger.set(this.counts);
        (this as Writable<ElementCounts>).counts = larger;
    }
}
