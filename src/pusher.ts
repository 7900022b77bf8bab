import type { Charging } from './apify/charging.js';
import { NO_CHARGE } from './apify/charging.js';
import type { Examined } from './intake.js';
import type { ItemFlow } from './item-flow.js';
import type { ResolvedOptions } from './options.js';
import type { PushResult, QuarantineRecord, RequestInfo } from './ports.js';
import { checkEventName, inPart, itemsRejected, toItems } from './push-arguments.js';
import { PushCall } from './push-call.js';

/** How a push came through one of the doors. */
export interface PushManner {
    ack: 'buffered' | 'stored';
    eventName?: string;
    /** The request whose handler pushes. */
    request?: RequestInfo;
    /** What the quarantine records of the call's items say instead. */
    record?: Partial<QuarantineRecord>;
}

/** Items to be taken in order. */
interface Taking {
    count: number;
    examine: (index: number) => Examined;
    /** Who waits for them. */
    call?: PushCall;
    /** Valid items beyond so many are not taken. */
    budget?: number;
    /** They do not wait for room in the buffer. */
    hasRoom?: boolean;
}

interface Progress {
    acceptedItems: number;
    rejectedItems: number;
}

/** Valid items beyond the budget: so many, and the JSON of those that may get a place yet. */
interface Trimmed {
    texts: string[];
    count: number;
}

/** Pushing, in a loop or of a large array, goes on for so long at most before requests and other work get their turn. */
const MAX_BLOCKING_MILLIS = 2;
/** Items between two looks at the clock. */
const ITEMS_PER_LOOK = 64;

/** Takes pushes through the flow and answers them: when, and with what. */
export class Pusher {
    readonly #flow: ItemFlow;
    readonly #options: ResolvedOptions;
    readonly #charging: Charging;
    /** Pushes that have not settled. */
    readonly #underWay = new Set<Promise<unknown>>();
    #itemsSinceLook = 0;
    #lastPauseAt = 0;
    /** The last charged push: the budget is for one call at a time. */
    #lastCharged: Promise<unknown> = Promise.resolve();

    constructor(flow: ItemFlow, options: ResolvedOptions, charging: Charging) {
        this.#flow = flow;
        this.#options = options;
        this.#charging = charging;
    }

    /**
     * Answers when the items are buffered, or stored or quarantined.
     * @throws TypeError for what is neither an object nor an array
     */
    async pushData(data: unknown, { ack, eventName, request, record }: PushManner): Promise<PushResult> {
        const items = toItems(data);
        checkEventName(eventName);
        if (this.#charging.isActive)
            return this.#track(this.#pushCharged(items, new PushCall(request, undefined, record), eventName));
        if (ack === 'buffered') return this.#track(this.#pushBuffered(items));
        return this.#track(this.#pushAll(items, new PushCall(request, undefined, record)));
    }

    /**
     * Makes the items ready for `pushExamined`: what the caller does to them afterwards changes nothing. Counts nothing yet.
     * @throws TypeError, ItemsRejectedError
     */
    examine(data: unknown): readonly Examined[] {
        const items = toItems(data);
        this.#flow.checkHealth();
        const examined = items.map((item, index) => this.#flow.examine(item, index, undefined));
        if (this.#options.mode === 'fail') this.#passAllOrNone(examined);
        return examined;
    }

    /** Answers when items that were examined before are stored or quarantined. They do not wait for room in the buffer. */
    async pushExamined(
        items: readonly Examined[],
        request: RequestInfo,
        isCurrent?: () => boolean,
    ): Promise<PushResult> {
        const call = new PushCall(request, isCurrent);
        const examine = (index: number): Examined => {
            const item = items[index]!;
            return typeof item === 'string' ? item : { ...item, owner: call };
        };
        const push = async () => this.#pushStored(call, items.length, examine, { hasRoom: true });
        return this.#track(this.#charging.isActive ? this.#inTurn(push) : push());
    }

    /** Counts items that were examined and will not be pushed. */
    discard(itemCount: number): void {
        this.#flow.statistics.receivedItems += itemCount;
        this.#flow.statistics.discardedItems += itemCount;
    }

    /** Resolves when no push is under way. */
    async settled(): Promise<void> {
        await Promise.allSettled(this.#underWay);
    }

    async #track(push: Promise<PushResult>): Promise<PushResult> {
        this.#underWay.add(push);
        try {
            return await push;
        } finally {
            this.#underWay.delete(push);
        }
    }

    /** One charged push at a time. */
    async #inTurn(push: () => Promise<PushResult>): Promise<PushResult> {
        const result = this.#lastCharged.then(push);
        this.#lastCharged = result.catch(() => undefined);
        return result;
    }

    async #pushBuffered(items: readonly unknown[]): Promise<PushResult> {
        const progress = { acceptedItems: 0, rejectedItems: 0 };
        try {
            const examine = (index: number) => this.#flow.examine(items[index], index, undefined);
            await this.#take({ count: items.length, examine }, progress);
        } catch (error) {
            throw progress.acceptedItems + progress.rejectedItems > 0 ? inPart(error, items.length, progress) : error;
        }
        const { acceptedItems, rejectedItems } = progress;
        return { ...NO_CHARGE, acceptedItems, quarantinedItems: rejectedItems, trimmedItems: 0 };
    }

    async #pushAll(items: readonly unknown[], call: PushCall, eventName?: string): Promise<PushResult> {
        const examine = (index: number) => this.#flow.examine(items[index], index, call);
        if (this.#options.mode !== 'fail') return this.#pushStored(call, items.length, examine, { eventName });
        const all = items.map((_, index) => examine(index));
        this.#passAllOrNone(all);
        return this.#pushStored(call, all.length, (index) => all[index]!, { eventName });
    }

    /** One charged push at a time. One item is examined at once; an array must not be changed while the push is under way. */
    async #pushCharged(items: readonly unknown[], call: PushCall, eventName?: string): Promise<PushResult> {
        if (items.length !== 1) return this.#inTurn(async () => this.#pushAll(items, call, eventName));
        const examined = this.#flow.examine(items[0], 0, call);
        if (this.#options.mode === 'fail') this.#passAllOrNone([examined]);
        return this.#inTurn(async () => this.#pushStored(call, 1, () => examined, { eventName }));
    }

    async #pushStored(
        call: PushCall,
        count: number,
        examine: (index: number) => Examined,
        { eventName, hasRoom = false }: { eventName?: string; hasRoom?: boolean },
    ): Promise<PushResult> {
        const budget = this.#charging.budget(count, eventName);
        const trimmed = await this.#takeForCall(call, { count, examine, budget, hasRoom });
        // What the platform rejected left its place in the budget to those behind.
        while (trimmed.texts.length > 0 && call.error === undefined && call.storedItems < budget) {
            const next = trimmed.texts.splice(0, budget - call.storedItems);
            trimmed.count -= next.length;
            await this.#takeForCall(call, { count: next.length, examine: (index) => next[index]!, hasRoom });
        }
        const { statistics } = this.#flow;
        statistics.receivedItems += trimmed.count;
        statistics.trimmedItems += trimmed.count;
        const charged = await this.#charging.charge(call.storedItems, trimmed.count, eventName);

        if (call.error !== undefined) throw call.error;
        if (this.#options.mode === 'fail' && call.rejectedItems.length > 0)
            throw itemsRejected(call.rejectedItems, count);
        return {
            ...charged,
            acceptedItems: call.storedItems,
            quarantinedItems: call.quarantinedItems,
            trimmedItems: trimmed.count,
        };
    }

    /** Takes items for a call that waits, and waits. Returns what is beyond the budget. */
    async #takeForCall(call: PushCall, taking: Omit<Taking, 'call'>): Promise<Trimmed> {
        let trimmed: Trimmed = { texts: [], count: 0 };
        try {
            trimmed = await this.#take({ ...taking, call }, { acceptedItems: 0, rejectedItems: 0 });
            if (call.rejectedItems.length > 0) await this.#flow.flushQuarantine();
        } catch (error) {
            // The caller will push all of it again.
            this.#flow.takeBack(call, error as Error);
            call.fail(error as Error);
        }
        await call.settled();
        return trimmed;
    }

    /** The items' way in, in order. Returns the valid items beyond the budget. */
    async #take({ count, examine, call, budget = Infinity, hasRoom }: Taking, progress: Progress): Promise<Trimmed> {
        const flow = this.#flow;
        const trimmed: Trimmed = { texts: [], count: 0 };
        for (let index = 0; index < count; index++) {
            if (++this.#itemsSinceLook >= ITEMS_PER_LOOK && this.#isPauseDue()) await new Promise(setImmediate);
            flow.checkHealth();
            const examined = examine(index);
            if (typeof examined === 'string' && progress.acceptedItems >= budget) {
                // No more than were taken can leave their place.
                if (trimmed.texts.length < budget) trimmed.texts.push(examined);
                trimmed.count++;
                continue;
            }
            call?.expectItem();
            // No `await` where there is nothing to wait for.
            if (typeof examined === 'string') {
                const room = flow.take(examined, call, hasRoom);
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

    /** A loop of awaited pushes never leaves the microtasks by itself. */
    #isPauseDue(): boolean {
        this.#itemsSinceLook = 0;
        const now = performance.now();
        if (now - this.#lastPauseAt <= MAX_BLOCKING_MILLIS) return false;
        this.#lastPauseAt = now;
        return true;
    }

    /** `mode: 'fail'`: no item is taken before all have passed. */
    #passAllOrNone(all: readonly Examined[]): void {
        const rejected = all.filter((examined) => typeof examined !== 'string');
        if (rejected.length === 0) return;
        this.#flow.giveBack(all.length, rejected);
        throw itemsRejected(rejected, all.length);
    }
}
