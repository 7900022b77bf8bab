import { DuplicateFilter, type KeyOutcome } from '../../../../src/pipeline/unique/duplicate-filter.js';
import { KeySet } from '../../../../src/pipeline/unique/key-set.js';

export interface Keyed {
    key: string;
}

/** A pipeline around the filter that does what it says, and a model that knows what must come of it. */
export class Simulation {
    readonly stored = new Map<string, number>();
    readonly failed = new Set<string>();
    readonly duplicates: Keyed[] = [];
    sent: Keyed[] = [];
    waiting: Keyed[] = [];
    readonly #saved: Buffer[] = [];
    #keys = new KeySet('run');
    #filter = new DuplicateFilter<Keyed>(this.#keys, 'drop');

    push(key: string): void {
        const pushed = { key };
        this.#handle(pushed);
    }

    settle(pick: number, outcome: KeyOutcome): void {
        const [settled] = this.sent.splice(pick % Math.max(1, this.sent.length), 1);
        if (settled === undefined) return;
        if (outcome === 'stored') this.stored.set(settled.key, (this.stored.get(settled.key) ?? 0) + 1);
        else this.failed.add(settled.key);
        const oldest = this.waiting.find(({ key }) => key === settled.key);
        const { duplicates, next } = this.#filter.settle(this.#keys.keyOf(settled.key), outcome);
        this.waiting = this.waiting.filter((one) => one !== next && !duplicates.includes(one));
        this.duplicates.push(...duplicates);
        if (next === undefined) return;
        if (next !== oldest) throw new Error('Another item than the oldest takes the place.');
        this.sent.push(next);
    }

    withdraw(pick: number): void {
        const [withdrawn] = this.waiting.splice(pick % Math.max(1, this.waiting.length), 1);
        if (withdrawn === undefined) return;
        this.failed.add(withdrawn.key);
        this.#filter.withdraw(this.#keys.keyOf(withdrawn.key), withdrawn);
    }

    /** Another process goes on with the keys that were saved and the items that were under way or waited. */
    restart(): void {
        this.#saved.push(...this.#keys.takeNew());
        this.#keys = new KeySet('run');
        for (const piece of this.#saved) this.#keys.restore(piece);
        this.#filter = new DuplicateFilter<Keyed>(this.#keys, 'drop');
        const { sent, waiting } = this;
        this.sent = [];
        this.waiting = [];
        for (const one of sent) this.#handle(one);
        for (const one of waiting) this.#handle(one);
    }

    settleAll(): void {
        while (this.sent.length > 0) this.settle(0, 'stored');
    }

    check(): void {
        for (const [key, count] of this.stored) if (count !== 1) throw new Error(`${key} is stored ${count} times.`);
        const underWay = this.sent.map(({ key }) => key);
        if (new Set(underWay).size !== underWay.length) throw new Error('A key is under way twice.');
        if (this.waiting.some(({ key }) => !underWay.includes(key))) throw new Error('An item waits for nothing.');
        if (this.#filter.waitingItems !== this.waiting.length) throw new Error('The number of waiting items is wrong.');
    }

    #handle(pushed: Keyed): void {
        const key = this.#keys.keyOf(pushed.key);
        const admission = this.#filter.admit(key);
        if (admission === 'wait') this.#filter.wait(key, pushed);
        const places = { send: this.sent, wait: this.waiting, duplicate: this.duplicates };
        places[admission].push(pushed);
    }
}
