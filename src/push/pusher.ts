import type { Charging } from '../apify/charging.js';
import { NO_CHARGE } from '../apify/charging.js';
import { Budget } from './budget.js';
import type { HandlerCall } from './handler-call.js';
import type { Examined } from '../flow/intake.js';
import type { ItemFlow } from '../flow/item-flow.js';
import type { ResolvedOptions } from '../options.js';
import type { PushResult, QuarantineRecord, RequestInfo } from '../records.js';
import { checkEventName, checkItem, inPart, itemsRejected, toItems } from './push-arguments.js';
import { PushCall } from './push-call.js';
import type { Taking, Trimmed } from './taker.js';
import { Taker } from './taker.js';

/** How a push came through one of the doors. */
export interface PushManner {
    eventName?: string | undefined;
    /** The request whose handler pushes. */
    request?: RequestInfo;
    /** What the quarantine records of the call's items say instead. */
    record?: Partial<QuarantineRecord>;
}

/** What a single item comes to that nobody waits for. */
const ACCEPTED: Readonly<PushResult> = { ...NO_CHARGE, acceptedItems: 1, quarantinedItems: 0, trimmedItems: 0 };
const QUARANTINED: Readonly<PushResult> = { ...NO_CHARGE, acceptedItems: 0, quarantinedItems: 1, trimmedItems: 0 };

/** Takes pushes through the flow and answers them: when, and with what. */
export class Pusher {
    readonly #flow: ItemFlow;
    readonly #options: ResolvedOptions;
    readonly #charging: Charging;
    readonly #taker: Taker;
    readonly #budget: Budget;
    /** Pushes that have not settled. */
    readonly #underWay = new Set<Promise<unknown>>();

    constructor(flow: ItemFlow, options: ResolvedOptions, charging: Charging) {
        this.#flow = flow;
        this.#options = options;
        this.#charging = charging;
        this.#taker = new Taker(flow);
        this.#budget = new Budget(charging);
    }

    /**
     * Answers as the option `ack` says: at once where there is nothing to wait for.
     * @throws TypeError for what is neither an object nor an array
     */
    pushData(data: unknown, manner: PushManner): PushResult | Promise<PushResult> {
        if (this.#options.ack === 'stored' || this.#charging.isActive) return this.pushStored(data, manner);
        checkEventName(manner.eventName);
        if (Array.isArray(data)) return this.#track(this.#pushArray(data, manner.request));
        checkItem(data);
        return this.#pushOne(data, manner.request);
    }

    /**
     * Answers when the items are stored or quarantined.
     * @throws TypeError for what is neither an object nor an array
     */
    async pushStored(data: unknown, { eventName, request, record }: PushManner = {}): Promise<PushResult> {
        const items = toItems(data);
        checkEventName(eventName);
        const call = new PushCall(request, record);
        return this.#track(this.#pushAll(items, call, this.#charging.isActive ? eventName : undefined));
    }

    /**
     * Makes the items ready for `pushExamined`, one item at once: what the caller does to it afterwards changes nothing. Counts
     * nothing yet.
     * @throws TypeError, ItemsRejectedError
     */
    async examine(data: unknown): Promise<readonly Examined[]> {
        const items = toItems(data);
        this.#flow.checkHealth();
        const examine = (index: number) => this.#flow.examine(items[index], index, undefined);
        const examined = await this.#taker.examineAll({ count: items.length, examine });
        if (this.#options.mode === 'fail') this.#passAllOrNone(examined);
        return examined;
    }

    /** Answers when items that were examined before are stored or quarantined. They do not wait for room in the buffer. */
    async pushExamined(call: HandlerCall): Promise<PushResult> {
        const examine = (index: number): Examined => {
            const item = call.items[index]!;
            return typeof item === 'string' ? item : { ...item, owner: call };
        };
        return this.#track(this.#pushStored(call, call.items.length, examine, { hasRoom: true }));
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

    /** One item into the buffer: the way of a loop of pushes, on which nothing is made but the item's JSON. */
    #pushOne(item: unknown, request: RequestInfo | undefined): PushResult | Promise<PushResult> {
        this.#flow.checkHealth();
        const examined = withRequest(this.#flow.examine(item, 0, undefined), request);
        const taken = this.#taker.takeOne(examined);
        const result = typeof examined === 'string' ? ACCEPTED : QUARANTINED;
        return taken === undefined ? { ...result } : this.#track(taken.then(() => ({ ...result })));
    }

    async #pushArray(items: readonly unknown[], request: RequestInfo | undefined): Promise<PushResult> {
        const progress = { acceptedItems: 0, rejectedItems: 0 };
        try {
            const examine = (index: number) => withRequest(this.#flow.examine(items[index], index, undefined), request);
            await this.#taker.take({ count: items.length, examine }, progress);
        } catch (error) {
            throw inPart(error, items.length, progress);
        }
        const { acceptedItems, rejectedItems } = progress;
        return { ...NO_CHARGE, acceptedItems, quarantinedItems: rejectedItems, trimmedItems: 0 };
    }

    /** One item is examined at once; an array must not be changed while the push is under way. */
    async #pushAll(items: readonly unknown[], call: PushCall, eventName?: string): Promise<PushResult> {
        const examine = (index: number) => this.#flow.examine(items[index], index, call);
        if (items.length !== 1) return this.#pushStored(call, items.length, examine, { eventName });
        const only = examine(0);
        return this.#pushStored(call, 1, () => only, { eventName });
    }

    async #pushStored(
        call: PushCall,
        count: number,
        examine: (index: number) => Examined,
        { eventName, hasRoom = false }: { eventName?: string; hasRoom?: boolean },
    ): Promise<PushResult> {
        return this.#budget.spend(count, eventName, async (budget) =>
            this.#pushWithin(budget, call, { count, examine, hasRoom }, eventName),
        );
    }

    async #pushWithin(
        budget: number,
        call: PushCall,
        { count, examine, hasRoom }: Taking,
        eventName: string | undefined,
    ): Promise<PushResult> {
        const check = this.#options.mode === 'fail' ? this.#passAllOrNone.bind(this) : undefined;
        const trimmed = await this.#takeForCall(call, { count, examine, budget, hasRoom, check });
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
            trimmed = await this.#taker.take({ ...taking, call }, { acceptedItems: 0, rejectedItems: 0 });
            if (call.rejectedItems.length > 0) await this.#flow.flushQuarantine();
        } catch (error) {
            // The caller will push all of it again.
            this.#flow.takeBack(call, error as Error);
            call.fail(error as Error);
        }
        await call.settled();
        return trimmed;
    }

    /** `mode: 'fail'`: no item is taken before all have passed. */
    #passAllOrNone(all: readonly Examined[]): void {
        const rejected = all.filter((examined) => typeof examined !== 'string');
        if (rejected.length === 0) return;
        this.#flow.giveBack(all.length, rejected);
        throw itemsRejected(rejected, all.length);
    }
}

/** The record of a rejected item that nobody waits for tells its request all the same. */
function withRequest(examined: Examined, request: RequestInfo | undefined): Examined {
    return typeof examined === 'string' || request === undefined ? examined : { ...examined, request };
}
