import type { Examined } from '../flow/intake.js';
import type { ItemFlow } from '../flow/item-flow.js';
import { Pace } from './pace.js';
import type { PushCall } from './push-call.js';

/** Items of one call. */
export interface Taking {
    count: number;
    examine: (index: number) => Examined;
    /** Who waits for them. */
    call?: PushCall;
    /** Valid items beyond so many are not taken. */
    budget?: number;
    /** Sees all items before the first is taken; throws where none is to be. */
    check?: ((all: readonly Examined[]) => void) | undefined;
    /** They wait neither for room in the buffer nor for the calls before. */
    hasRoom?: boolean;
}

/** How far a call has got. */
export interface Progress {
    acceptedItems: number;
    rejectedItems: number;
}

/** Valid items beyond the budget: so many, and the JSON of those that may get a place yet. */
export interface Trimmed {
    texts: string[];
    count: number;
}

/** Takes calls' items into the flow, in the order of the calls. */
export class Taker {
    readonly #flow: ItemFlow;
    readonly #pace = new Pace();
    /** Settles when all calls that came before have been taken; undefined where there is none. */
    #before: Promise<void> | undefined;

    constructor(flow: ItemFlow) {
        this.#flow = flow;
    }

    /** Takes one item that nobody waits for. Returns a promise only where there is something to wait for. */
    takeOne(examined: Examined): Promise<void> | undefined {
        if (this.#before !== undefined) return this.#inTurn(async () => this.#enterHealthy(examined));
        return this.#enter(examined) ?? (this.#isPauseDue(examined) ? this.#pace.pause() : undefined);
    }

    /** Takes the items of one call, one by one as there is room. Resolves to the valid ones beyond the budget. */
    async take(taking: Taking, progress: Progress): Promise<Trimmed> {
        if (taking.hasRoom) return this.#takeAll(taking, progress);
        return this.#inTurn(async () => this.#takeAll(taking, progress));
    }

    /** Makes all items ready before any is taken. One item, and the first ones of an array, at once. */
    async examineAll({ count, examine }: Pick<Taking, 'count' | 'examine'>): Promise<Examined[]> {
        const all: Examined[] = [];
        for (let index = 0; index < count; index++) {
            const examined = examine(index);
            all.push(examined);
            if (this.#isPauseDue(examined)) await this.#pace.pause();
        }
        return all;
    }

    /** An array is taken in slices, and what is pushed meanwhile comes after it. */
    async #inTurn<T>(take: () => Promise<T>): Promise<T> {
        const taken = this.#before === undefined ? take() : this.#before.then(take);
        const before = taken.then(
            () => undefined,
            () => undefined,
        );
        this.#before = before;
        try {
            return await taken;
        } finally {
            if (this.#before === before) this.#before = undefined;
        }
    }

    async #takeAll(taking: Taking, progress: Progress): Promise<Trimmed> {
        const { count, call, budget = Infinity, hasRoom, check } = taking;
        let { examine } = taking;
        if (check !== undefined) {
            const all = await this.examineAll(taking);
            check(all);
            examine = (index) => all[index]!;
        }
        const trimmed: Trimmed = { texts: [], count: 0 };
        // Its caller waits for the platform anyhow; a pause would only take it out of the request that it shares with others.
        const isAwaitedAlone = call !== undefined && count === 1;
        if (count > 0) this.#flow.checkHealth();
        for (let index = 0; index < count; index++) {
            const examined = examine(index);
            if (this.#isPauseDue(examined) && !isAwaitedAlone) {
                await this.#pace.pause();
                this.#flow.checkHealth();
            }
            if (typeof examined !== 'string') {
                // It is taken at once; it may have to wait for those before it to be written.
                const entered = this.#enter(examined, call);
                progress.rejectedItems++;
                if (entered !== undefined) await entered;
                if (index + 1 < count) this.#flow.checkHealth();
                continue;
            }
            if (progress.acceptedItems >= budget) {
                // No more than were taken can leave their place.
                if (trimmed.texts.length < budget) trimmed.texts.push(examined);
                trimmed.count++;
                continue;
            }
            const entered = this.#enter(examined, call, hasRoom);
            // No `await` where there is nothing to wait for.
            if (entered !== undefined) {
                await entered;
                progress.acceptedItems++;
                if (index + 1 < count) this.#flow.checkHealth();
            } else progress.acceptedItems++;
        }
        return trimmed;
    }

    #enter(examined: Examined, call?: PushCall, hasRoom?: boolean): Promise<void> | undefined {
        call?.expectItem(examined);
        return typeof examined === 'string' ? this.#flow.take(examined, call, hasRoom) : this.#flow.reject(examined);
    }

    async #enterHealthy(examined: Examined): Promise<void> {
        this.#flow.checkHealth();
        await this.#enter(examined);
    }

    #isPauseDue(examined: Examined): boolean {
        return this.#pace.isPauseDue((typeof examined === 'string' ? examined : examined.text)?.length ?? 0);
    }
}
