import type { SyncStorage } from '../apify/sync-storages.js';
import type { PositionInterpretation } from '../delivery/positions.js';
import { errorsOfItem, interpretPositions } from '../delivery/positions.js';
import { saysNothingOfSize } from '../delivery/progress.js';
import type { SendResult } from '../ports.js';
import type { Batch } from '../pipeline/batch.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { SyncRequests } from './sync-requests.js';
import { type ItemRejection, SyncRepairs } from './sync-repairs.js';

/** The number of parts into which a request is split that is rejected without naming items. Halves would need more rounds, and each round starts a child. */
const SPLIT_PARTS = 8;
const REASONS = { 'invalid': 'schema', 'too-large': 'too-large', 'bad-request': 'rejected' } as const;

type RejectedResult = Extract<SendResult, { kind: keyof typeof REASONS }>;

/** Items of a batch. */
export interface BatchPart {
    batch: Batch;
    indexes: readonly number[];
}

/** Items of a batch that go in one request. */
interface Part extends BatchPart {
    /** Set where it is the rest of a rejected request, without the items that the platform has named. */
    restOf?: { indexes: readonly number[]; named: PositionInterpretation };
    /** It is a single item that was refused alone: the requests of this process's end that had been accepted before. */
    acceptedBefore?: number;
}

/**
 * Gets items into the dataset without the event loop, whatever the platform rejects, and tells the pipeline what became of each. One start
 * of a child sends everything, and another one each time that something was rejected: a process that ends has no time to start one for
 * each request.
 */
export class SyncDelivery {
    readonly #pipeline: Pipeline;
    readonly #storage: SyncStorage | undefined;
    readonly #requests: SyncRequests;
    readonly #repairs: SyncRepairs;
    /** Set while the platform does not answer: asking again for each payload would only use up the time. */
    #isUnavailable: boolean;
    #mayPass = false;
    /** Indexes that are neither stored nor rejected. */
    readonly #unsent = new Map<Batch, number[]>();
    /** Batches of which a part may be stored by a request of this process's end. */
    readonly #unproven = new Set<Batch>();
    #acceptedRequests = 0;
    /** Items that were refused alone, for a reason that may be the platform's. */
    #disputed: Part[] = [];

    /** `storage` is undefined where it cannot be opened: then nothing is sent. */
    constructor(pipeline: Pipeline, storage: SyncStorage | undefined, requests: SyncRequests) {
        this.#pipeline = pipeline;
        this.#storage = storage;
        this.#requests = requests;
        this.#repairs = new SyncRepairs(pipeline);
        this.#isUnavailable = storage === undefined;
    }

    /** Whether the platform may answer if it is asked again. */
    get mayPass(): boolean {
        return this.#mayPass;
    }

    /** The platform is asked again. */
    tryAgain(): void {
        this.#isUnavailable = false;
        this.#mayPass = false;
    }

    /** Whether a part of any batch may be stored by a request whose outcome nobody knows. */
    get hasUnproven(): boolean {
        return this.#unproven.size > 0;
    }

    /** Whether a part of this batch may be. */
    isUnproven(batch: Batch): boolean {
        return this.#unproven.has(batch);
    }

    /** Sends each part, and sends again the items that an answer leaves unsettled. Returns the parts that the dataset has stored. */
    deliver(parts: readonly BatchPart[]): BatchPart[] {
        const accepted = this.#sendParts(parts);
        // Where others were accepted since, a second refusal tells that it is about the item.
        const disputed = this.#disputed.splice(0);
        const decidable = disputed.filter((part) => this.#hasContrast(part));
        const undecided = disputed.filter((part) => !decidable.includes(part));
        accepted.push(...this.#sendParts(decidable));
        for (const part of [...undecided, ...this.#disputed.splice(0)]) this.keepUnsent(part);
        return accepted;
    }

    keepUnsent({ batch, indexes }: BatchPart): void {
        this.#unsent.set(batch, [...(this.#unsent.get(batch) ?? []), ...indexes]);
    }

    /** Returns what is neither stored nor rejected since the last call, ascending. */
    takeUnsent(): Map<Batch, number[]> {
        const unsent = new Map([...this.#unsent].map(([batch, indexes]) => [batch, indexes.sort((a, b) => a - b)]));
        this.#unsent.clear();
        return unsent;
    }

    #sendParts(given: readonly Part[]): BatchPart[] {
        const accepted: BatchPart[] = [];
        for (let parts = withItems(given); parts.length > 0; parts = withItems(parts)) {
            const bodies = parts.map(({ batch, indexes }) => batch.payloadOf(indexes).body);
            const results =
                this.#isUnavailable || this.#requests.leftMillis === 0
                    ? []
                    : this.#requests.pushAll(this.#storage!, bodies);
            accepted.push(...parts.filter((_, index) => results[index]?.kind === 'stored'));
            parts = parts.flatMap((part, index) => this.#settle(results[index], part));
        }
        return accepted;
    }

    /** Without a contrast nobody knows whether a refusal is about the item. */
    #hasContrast({ batch, acceptedBefore }: Part): boolean {
        if (acceptedBefore !== undefined) return this.#acceptedRequests > acceptedBefore;
        if (!batch.isDisputed) return false;
        return this.#acceptedRequests > 0 || this.#pipeline.delivery.acceptedSince(batch.acceptedBefore!);
    }

    /**
     * As `Delivery` does it: the named items are set aside, and what is rejected without names is split. Returns what is to be sent
     * next. `result` is undefined where the part was not sent.
     */
    #settle(result: SendResult | undefined, part: Part): Part[] {
        const { batch, indexes, restOf } = part;
        const whole = restOf?.indexes ?? indexes;
        if (result === undefined || result.kind === 'unavailable' || result.kind === 'refused') {
            this.#isUnavailable = true;
            this.keepUnsent({ batch, indexes: whole });
            if (result?.kind === 'unavailable') {
                this.#mayPass = true;
                if (result.outcomeUnknown) this.#unproven.add(batch);
            }
            return [];
        }
        if (result.kind === 'stored') {
            this.#acceptedRequests++;
            const stored = new Set(indexes);
            this.#pipeline.settler.stored(batch, (index) => stored.has(index));
            return restOf === undefined ? [] : this.#settleNamed(batch, restOf.indexes, restOf.named);
        }
        // The platform does not accept the rest, so that its positions mean something else.
        if (restOf !== undefined) return partsOf(batch, whole);
        if (indexes.length === 1) return this.#settleSingle(result, part);
        const [named] = result.kind === 'invalid' ? interpretPositions(result.invalidItems, indexes.length, 0) : [];
        if (named === undefined) return partsOf(batch, indexes);
        const rest = indexes.filter((_, position) => !named.errors.has(position));
        if (rest.length > 0) return [{ batch, indexes: rest, restOf: { indexes, named } }];
        return this.#settleNamed(batch, indexes, named);
    }

    #settleSingle(result: RejectedResult, part: Part): Part[] {
        const { batch, indexes } = part;
        const index = indexes[0]!;
        const isRefusal =
            result.kind === 'bad-request' ||
            (result.kind === 'too-large' && saysNothingOfSize(batch.payload.itemBytes(index)));
        if (isRefusal && !this.#hasContrast(part)) {
            this.#disputed.push({ batch, indexes, acceptedBefore: this.#acceptedRequests });
            return [];
        }
        const errors = result.kind === 'invalid' ? errorsOfItem(result.invalidItems) : [];
        const reason = isRefusal ? 'rejected' : REASONS[result.kind];
        return this.#repairs.repairOrSetAside(batch, index, { reason, errors, itemPosition: 0 })
            ? [{ batch, indexes: [index] }]
            : [];
    }

    /** Returns the items that could be repaired, to be sent together. */
    #settleNamed(batch: Batch, whole: readonly number[], { errors: byPosition }: PositionInterpretation): Part[] {
        const repaired = [...byPosition].flatMap(([itemPosition, errors]) => {
            const rejection: ItemRejection = { reason: 'schema', errors, itemPosition };
            const index = whole[itemPosition]!;
            return this.#repairs.repairOrSetAside(batch, index, rejection) ? [index] : [];
        });
        return [{ batch, indexes: repaired }];
    }
}

function withItems(parts: readonly Part[]): Part[] {
    return parts.filter(({ indexes }) => indexes.length > 0);
}

function partsOf(batch: Batch, whole: readonly number[]): Part[] {
    const size = Math.ceil(whole.length / SPLIT_PARTS);
    const starts = Array.from({ length: Math.ceil(whole.length / size) }, (_, part) => part * size);
    return starts.map((start) => ({ batch, indexes: whole.slice(start, start + size) }));
}
