import type { TimelineBucket, TimelineFigures } from './page.js';

export type ItemTotals = TimelineBucket;

/** As another process of the run takes it over. */
export type SavedTimeline = Omit<TimelineFigures, 'endedAt'>;

const FIRST_BUCKET_MILLIS = 60_000;
/** More are merged, two into one. */
const MAX_BUCKETS = 120;

/**
 * Items stored and quarantined over the run, in at most 120 buckets, however long it is. It looks at the totals now and then
 * instead of being told of each item: what has come since the last look belongs to the middle of the time between.
 */
export class Timeline {
    #startedAt: number;
    #bucketMillis = FIRST_BUCKET_MILLIS;
    #buckets: TimelineBucket[] = [];
    #lookedAt: number;
    #seen: ItemTotals = { storedItems: 0, quarantinedItems: 0 };

    /** `now` in milliseconds since the epoch. */
    constructor(now: number) {
        this.#startedAt = now;
        this.#lookedAt = now;
    }

    /** To be called once a minute, and before the figures are wanted. */
    look(now: number, { storedItems, quarantinedItems }: ItemTotals): void {
        this.#add((this.#lookedAt + now) / 2, {
            storedItems: storedItems - this.#seen.storedItems,
            quarantinedItems: quarantinedItems - this.#seen.quarantinedItems,
        });
        this.#seen = { storedItems, quarantinedItems };
        this.#lookedAt = now;
    }

    /** As of the last look. */
    figures(): TimelineFigures {
        return {
            ...this.save(),
            endedAt: new Date(Math.max(this.#startedAt, this.#lookedAt)).toISOString(),
        };
    }

    save(): SavedTimeline {
        return {
            startedAt: new Date(this.#startedAt).toISOString(),
            bucketMillis: this.#bucketMillis,
            buckets: [...this.#buckets],
        };
    }

    /** Goes on from what `save` gave, in one or several earlier processes, with the totals as they were then. The time between is empty. */
    restore(saved: SavedTimeline, totals: ItemTotals): void {
        const both = [
            { startedAt: this.#startedAt, bucketMillis: this.#bucketMillis, buckets: this.#buckets },
            { ...saved, startedAt: Date.parse(saved.startedAt) },
        ];
        const [first, second] = both.sort((a, b) => a.startedAt - b.startedAt) as [(typeof both)[0], (typeof both)[0]];
        this.#startedAt = first.startedAt;
        this.#bucketMillis = first.bucketMillis;
        this.#buckets = [...first.buckets];
        for (const [index, bucket] of second.buckets.entries()) {
            this.#add(second.startedAt + (index + 0.5) * second.bucketMillis, bucket);
        }
        this.#seen = sum(this.#seen, totals);
    }

    #add(time: number, items: ItemTotals): void {
        const index = this.#reach(time);
        this.#buckets[index] = sum(this.#buckets[index]!, items);
    }

    /** The index of the bucket of this time, with all buckets up to it in place. */
    #reach(time: number): number {
        const millis = Math.max(0, time - this.#startedAt);
        while (millis >= MAX_BUCKETS * this.#bucketMillis) this.#merge();
        const index = Math.floor(millis / this.#bucketMillis);
        while (this.#buckets.length <= index) this.#buckets.push({ storedItems: 0, quarantinedItems: 0 });
        return index;
    }

    #merge(): void {
        this.#bucketMillis *= 2;
        this.#buckets = this.#buckets.flatMap((bucket, index) => {
            if (index % 2 === 1) return [];
            const next = this.#buckets[index + 1];
            return next === undefined ? bucket : sum(bucket, next);
        });
    }
}

function sum(a: ItemTotals, b: ItemTotals): ItemTotals {
    return {
        storedItems: a.storedItems + b.storedItems,
        quarantinedItems: a.quarantinedItems + b.quarantinedItems,
    };
}
