import type { ChargeResult } from 'apify';

import type { Charging } from './apify/charging.js';
import { NO_CHARGE } from './apify/charging.js';
import { DeliveryError, ItemsRejectedError } from './errors.js';
import type { Examined } from './intake.js';
import type { ItemFlow } from './item-flow.js';
import type { ResolvedOptions } from './options.js';
import type { RequestInfo } from './ports.js';
import { PushCall } from './push-call.js';

/** What a push came to: the SDK's `ChargeResult`, and what became of the items of that call. */
export interface PushResult extends ChargeResult {
    /** Items that passed the guard: buffered, or stored with `ack: 'stored'`. */
    acceptedItems: number;
    /** Items in quarantine; with `ack: 'buffered'` only those that failed here are known. */
    quarantinedItems: number;
    /** Items that the user's pay-per-event budget did not let through. */
    trimmedItems: number;
}

/** One push through one of the doors. */
export interface Push {
    items: readonly unknown[];
    eventName?: string;
    ack: 'buffered' | 'stored';
    request?: RequestInfo;
}

/** An array is worked through for so long at most before other work gets its turn. */
const MAX_BLOCKING_MILLIS = 10;
/** Items between two looks at the clock. */
const ITEMS_PER_LOOK = 64;
/** How many rejected items an error's message names. */
const NAMED_ITEMS = 3;

/** Takes pushes through the flow and answers them: when, and with what. */
export class Pusher {
    readonly #flow: ItemFlow;
    readonly #options: ResolvedOptions;
    readonly #charging: Charging;
    /** Pushes that have not settled. */
    readonly #underWay = new Set<Promise<unknown>>();
    /** The last charged push: the budget is for one call at a time. */
    #lastCharged: Promise<unknown> = Promise.resolve();

    constructor(flow: ItemFlow, options: ResolvedOptions, charging: Charging) {
        this.#flow = flow;
        this.#options = options;
        this.#charging = charging;
    }

    /** Answers when the items are buffered, or stored or quarantined. */
    async push(push: Push): Promise<PushResult> {
        const result = this.#begin(push);
        this.#underWay.add(result);
        try {
            return await result;
        } finally {
            this.#underWay.delete(result);
        }
    }

    /** Resolves when no push is under way. */
    async settled(): Promise<void> {
        await Promise.allSettled(this.#underWay);
    }

    async #begin(push: Push): Promise<PushResult> {
        if (!this.#charging.isActive) {
            return push.ack === 'stored' ? this.#pushStored(push) : this.#pushBuffered(push.items);
        }
        const result = this.#lastCharged.then(async () => this.#pushStored(push));
        this.#lastCharged = result.catch(() => undefined);
        return result;
    }

    async #pushBuffered(items: readonly unknown[]): Promise<PushResult> {
        const progress = { acceptedItems: 0, rejectedItems: 0 };
        try {
            await this.#take(items.length, (index) => this.#flow.examine(items[index], index, undefined), progress);
        } catch (error) {
            throw progress.acceptedItems + progress.rejectedItems > 0 ? inPart(error, items.length, progress) : error;
        }
        const { acceptedItems, rejectedItems } = progress;
        return { ...NO_CHARGE, acceptedItems, quarantinedItems: rejectedItems, trimmedItems: 0 };
    }

    async #pushStored({ items, eventName, request }: Push): Promise<PushResult> {
        const call = new PushCall(request);
        const examine = (index: number) => this.#flow.examine(items[index], index, call);
        const examined = this.#options.mode === 'fail' ? this.#examineAll(items.length, examine) : examine;

        const budget = this.#charging.budget(items.length, eventName);
        const trimmed = await this.#takeForCall(call, items.length, examined, budget);
        // What the platform rejected left its place in the budget to those behind.
        while (trimmed.length > 0 && call.error === undefined && call.storedItems < budget) {
            const places = budget - call.storedItems;
            const next = trimmed.splice(0, places);
            await this.#takeForCall(call, next.length, (index) => examined(next[index]!), places);
        }
        const { statistics } = this.#flow;
        statistics.receivedItems += trimmed.length;
        statistics.trimmedItems += trimmed.length;
        const charged = await this.#charging.charge(call.storedItems, trimmed.length, eventName);

        if (call.error !== undefined) throw call.error;
        if (this.#options.mode === 'fail' && call.rejectedItems.length > 0)
            throw itemsRejected(call.rejectedItems, items.length);
        return {
            ...charged,
            acceptedItems: call.storedItems,
            quarantinedItems: call.quarantinedItems,
            trimmedItems: trimmed.length,
        };
    }

    /** Takes items for a call that waits, and waits. Returns the indexes beyond the budget. */
    async #takeForCall(
        call: PushCall,
        count: number,
        examine: (index: number) => Examined,
        budget: number,
    ): Promise<number[]> {
        let trimmed: number[] = [];
        try {
            trimmed = await this.#take(count, examine, { acceptedItems: 0, rejectedItems: 0 }, call, budget);
            if (call.rejectedItems.length > 0) await this.#flow.flushQuarantine();
        } catch (error) {
            // The caller will push all of it again.
            this.#flow.takeBack(call, error as Error);
            call.fail(error as Error);
        }
        await call.settled();
        return trimmed;
    }

    /** The items' way in, in order. Returns the indexes of valid items beyond the budget. */
    async #take(
        count: number,
        examine: (index: number) => Examined,
        progress: { acceptedItems: number; rejectedItems: number },
        call?: PushCall,
        budget = Infinity,
    ): Promise<number[]> {
        const flow = this.#flow;
        const trimmed: number[] = [];
        let lastPause = performance.now();
        for (let index = 0; index < count; index++) {
            if (index % ITEMS_PER_LOOK === ITEMS_PER_LOOK - 1 && performance.now() - lastPause > MAX_BLOCKING_MILLIS) {
                await new Promise(setImmediate);
                lastPause = performance.now();
            }
            flow.checkHealth();
            const examined = examine(index);
            if (typeof examined === 'string' && progress.acceptedItems >= budget) {
                trimmed.push(index);
                continue;
            }
            call?.expectItem();
            // No `await` where there is nothing to wait for.
            if (typeof examined === 'string') {
                const room = flow.take(examined, call);
                if (room !== undefined) await room;
                progress.acceptedItems++;
            } else {
                progress.rejectedItems++;
                const written = flow.reject(examined);
                if (written !== undefined) await written;
            }
        }
        return trimmed;
    }

    /** `mode: 'fail'`: no item is taken before all have passed. */
    #examineAll(count: number, examine: (index: number) => Examined): (index: number) => Examined {
        const all = Array.from({ length: count }, (_, index) => examine(index));
        const rejected = all.filter((examined) => typeof examined !== 'string');
        if (rejected.length === 0) return (index) => all[index]!;
        this.#flow.giveBack(count, rejected);
        throw itemsRejected(rejected, count);
    }
}

function itemsRejected(
    rejected: readonly ItemsRejectedError['rejectedItems'][number][],
    count: number,
): ItemsRejectedError {
    const named = rejected.slice(0, NAMED_ITEMS).map(({ itemPosition, errors }) => {
        const [first] = errors;
        return `item ${itemPosition}: ${first?.instancePath || 'the item'} ${first?.message ?? 'is invalid'}`;
    });
    const more = rejected.length > NAMED_ITEMS ? ` and ${rejected.length - NAMED_ITEMS} more` : '';
    return new ItemsRejectedError(
        rejected.map(({ itemPosition, errors }) => ({ itemPosition, errors })),
        `${rejected.length} of ${count} items were rejected (mode: 'fail'): ${named.join('; ')}${more}. Mend them and push again.`,
    );
}

/** Says how much of an array was taken, so that the caller does not push that again. */
function inPart(
    error: unknown,
    count: number,
    { acceptedItems, rejectedItems }: { acceptedItems: number; rejectedItems: number },
): unknown {
    if (!(error instanceof DeliveryError)) return error;
    const taken = acceptedItems + rejectedItems;
    return new DeliveryError(
        `${error.message} Of this call the first ${taken} of ${count} items were taken.`,
        error.keptItems,
        error.permanent,
        { cause: error.cause },
        taken,
    );
}
