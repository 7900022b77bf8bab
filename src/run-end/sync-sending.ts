import type { SyncStorage } from '../apify/sync-storages.js';
import type { PositionInterpretation } from '../delivery/positions.js';
import { errorsOfItem, interpretPositions } from '../delivery/positions.js';
import type { ItemCounts } from '../delivery/read-back.js';
import { countItems } from '../delivery/read-back.js';
import { PayloadWriter } from '../delivery/payload.js';
import type { SendResult } from '../ports.js';
import type { Batch } from '../pipeline/batch.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { PreparedItem } from '../pipeline/prepare.js';
import { monotonicMillis } from '../utils/clock.js';
import type { FirstRequests } from '../utils/request-sync.js';
import { sleepSync } from './sleep-sync.js';
import { indexesBut, SyncLook } from './sync-look.js';
import { type ItemRejection, SyncRepairs } from './sync-repairs.js';

export interface SyncSendingOptions {
    pipeline: Pipeline;
    openStorage: () => SyncStorage | undefined;
    openQuarantine: () => SyncStorage | undefined;
}

/** The platform may be well again after a moment: a request that it limited in rate, a connection that was cut. */
const FIRST_PAUSE_MILLIS = 200;
const MAX_TRIES = 5;
/** Less is no time for another try: a child has to start. */
const MIN_TRY_MILLIS = 500;
const MAX_PAYLOAD_BYTES = 5_000_000;
/** The number of parts into which a request is split that is rejected without naming items. Halves would need more rounds, and each round starts a child. */
const SPLIT_PARTS = 8;
const REASONS = { 'invalid': 'schema', 'too-large': 'too-large', 'bad-request': 'rejected' } as const;

type RejectedResult = Extract<SendResult, { kind: keyof typeof REASONS }>;

/** Items of a batch that go in one request. */
interface Part {
    batch: Batch;
    indexes: readonly number[];
    /** Set where it is the rest of a rejected request, without the items that the platform has named. */
    restOf?: { indexes: readonly number[]; named: PositionInterpretation };
    /** It is a single item that was refused alone: the requests of this process's end that had been accepted before. */
    acceptedBefore?: number;
}

/** Sends without the event loop, and tells the pipeline what became of each item. */
export class SyncSending {
    readonly #options: SyncSendingOptions;
    readonly #until: number;
    readonly #storage: SyncStorage | undefined;
    /** Set while the platform does not answer: asking again for each payload would only use up the time. */
    #isUnavailable: boolean;
    /** Whether the platform may answer if it is asked again. */
    #mayPass = false;
    /** Indexes that are neither stored nor rejected. */
    readonly #unsent = new Map<Batch, number[]>();
    /** Batches of which a part may be stored by a request of this process's end. */
    readonly #unproven = new Set<Batch>();
    /** Items that this process's end has stored while others were not. */
    readonly #storedHere: ItemCounts = new Map();
    #acceptedRequests = 0;
    /** Items that were refused alone, for a reason that may be the platform's. */
    #disputed: Part[] = [];
    readonly #repairs: SyncRepairs;
    #first: FirstRequests | undefined;

    /** `until`: on the monotonic clock. */
    constructor(options: SyncSendingOptions, until: number) {
        this.#options = options;
        this.#until = until;
        this.#storage = options.openStorage();
        this.#isUnavailable = this.#storage === undefined;
        this.#repairs = new SyncRepairs(options.pipeline);
    }

    get #left(): number {
        return Math.max(0, this.#until - monotonicMillis());
    }

    /** To be made before anything is sent. */
    makeFirst(requests: FirstRequests): void {
        this.#first = requests;
    }

    enqueueCollected(collected: readonly PreparedItem[]): void {
        const { pipeline } = this.#options;
        for (const prepared of collected) {
            if (prepared.rejection === undefined) pipeline.enqueue(prepared, undefined, 0, true);
            else void pipeline.reject(prepared, undefined, 0, true)?.catch(() => undefined);
        }
    }

    /**
     * Sends what is in the buffer, and tries again what may pass; what waits beside another item takes its place where that one is not
     * stored. `mayKeepUnproven`: see `#sendBatches`.
     */
    sendAll(mayKeepUnproven: () => boolean): void {
        const { duplicates } = this.#options.pipeline;
        for (let tries = 1; ;) {
            const waitingItems = duplicates?.waitingItems ?? 0;
            this.#sendBatches(mayKeepUnproven);
            if (this.#mayPass) {
                if (!this.#pauseBefore(++tries)) return;
                this.#isUnavailable = false;
                this.#mayPass = false;
                continue;
            }
            // Only what waited before can have taken a place.
            if (waitingItems === 0 || waitingItems === duplicates!.waitingItems) return;
        }
    }

    /** Returns false where there will not be another try. */
    #pauseBefore(tries: number): boolean {
        const pauseMillis = FIRST_PAUSE_MILLIS * 2 ** (tries - 2);
        if (tries > MAX_TRIES || this.#left < pauseMillis + MIN_TRY_MILLIS) return false;
        sleepSync(pauseMillis);
        return true;
    }

    /**
     * What was under way is looked for, all of it at once. Then one start of a child sends everything, and another one each time that
     * something was rejected: a process that ends has no time to start one for each request. `mayKeepUnproven`: whether items of which
     * the look did not tell are left to the next start of the run.
     */
    #sendBatches(mayKeepUnproven: () => boolean): void {
        const { pipeline } = this.#options;
        // What takes a place while these are settled goes into a batch of its own.
        pipeline.buffer.closeOpen();
        this.#unsent.clear();
        const batches = [...pipeline.buffer.batches];
        const { stored, isProven } = this.#findStored(batches.filter((batch) => batch.savedFrom !== undefined));
        let parts = batches.map((batch): Part => {
            const known = new Set([...batch.storedIndexes, ...(stored.get(batch) ?? [])]);
            pipeline.settler.stored(batch, (index) => known.has(index));
            return { batch, indexes: indexesBut(batch, known) };
        });
        if (!isProven && mayKeepUnproven()) {
            const isInQuestion = ({ batch }: Part) => batch.savedFrom !== undefined;
            for (const { batch, indexes } of parts.filter(isInQuestion)) this.#unsent.set(batch, [...indexes]);
            parts = parts.filter((part) => !isInQuestion(part));
        }
        const position = pipeline.sender.position;
        const accepted = this.#sendParts(parts);
        // Where others were accepted since, a second refusal tells that it is about the item.
        const disputed = this.#disputed.splice(0);
        const decidable = disputed.filter((part) => this.#hasContrast(part));
        const undecided = disputed.filter((part) => !decidable.includes(part));
        accepted.push(...this.#sendParts(decidable));
        for (const part of [...undecided, ...this.#disputed.splice(0)]) this.#keepUnsent(part);
        // Equal items of these must not be taken for those that are looked for next.
        if (this.#unsent.size > 0) {
            for (const { batch, indexes } of accepted) countItems(batch.payloadOf(indexes), this.#storedHere);
        }
        for (const batch of batches) {
            const indexes = (this.#unsent.get(batch) ?? []).sort((a, b) => a - b);
            const from = batch.savedFrom ?? (this.#unproven.has(batch) ? position : undefined);
            const unknown = from === undefined ? undefined : { from, sentBefore: monotonicMillis(), isSplit: true };
            pipeline.buffer.keep(batch, [{ indexes, unknown }]);
        }
    }

    #findStored(batches: readonly Batch[]) {
        const { sender } = this.#options.pipeline;
        const look = new SyncLook({ storage: this.#storage, sender, left: () => this.#left, first: this.#first });
        return look.findStored(batches, this.#storedHere, this.#unproven.size > 0);
    }

    /** Returns the parts that are stored now. */
    #sendParts(given: readonly Part[]): Part[] {
        const accepted: Part[] = [];
        for (let parts = withItems(given); parts.length > 0; parts = withItems(parts)) {
            const bodies = parts.map(({ batch, indexes }) => batch.payloadOf(indexes).body);
            const results =
                this.#isUnavailable || this.#left === 0 ? [] : this.#storage!.pushAll(bodies, this.#left, this.#first);
            accepted.push(...parts.filter((_, index) => results[index]?.kind === 'stored'));
            parts = parts.flatMap((part, index) => this.#settle(results[index], part));
        }
        return accepted;
    }

    /** Without a contrast nobody knows whether a refusal is about the item. */
    #hasContrast({ batch, acceptedBefore }: Part): boolean {
        if (acceptedBefore !== undefined) return this.#acceptedRequests > acceptedBefore;
        if (!batch.isDisputed) return false;
        return this.#acceptedRequests > 0 || this.#options.pipeline.delivery.acceptedSince(batch.acceptedBefore!);
    }

    #keepUnsent({ batch, indexes }: Pick<Part, 'batch' | 'indexes'>): void {
        this.#unsent.set(batch, [...(this.#unsent.get(batch) ?? []), ...indexes]);
    }

    writeRecords(): void {
        const { pipeline, openQuarantine } = this.#options;
        const texts = pipeline.quarantine.completeSync();
        if (texts.length === 0) return;
        let bodies = toPayloads(texts).map(({ body }) => body);
        const storage = openQuarantine();
        if (storage === undefined) return;
        // A record that is written again has the same id, so that nobody needs to know whether it is there.
        for (let tries = 1; ;) {
            const results = storage.pushAll(bodies, this.#left, this.#first);
            bodies = bodies.filter((_, index) => results[index]?.kind !== 'stored');
            if (bodies.length === 0) break;
            if (!results.some(({ kind }) => kind === 'unavailable') || !this.#pauseBefore(++tries)) return;
        }
        pipeline.quarantine.writtenAtExit();
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
            this.#keepUnsent({ batch, indexes: whole });
            if (result?.kind === 'unavailable') {
                this.#mayPass = true;
                if (result.outcomeUnknown) this.#unproven.add(batch);
            }
            return [];
        }
        if (result.kind === 'stored') {
            this.#acceptedRequests++;
            const stored = new Set(indexes);
            this.#options.pipeline.settler.stored(batch, (index) => stored.has(index));
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
        if (result.kind === 'bad-request' && !this.#hasContrast(part)) {
            this.#disputed.push({ batch, indexes, acceptedBefore: this.#acceptedRequests });
            return [];
        }
        const errors = result.kind === 'invalid' ? errorsOfItem(result.invalidItems) : [];
        const reason = REASONS[result.kind];
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

function toPayloads(texts: readonly string[]): PayloadWriter[] {
    const groups: string[][] = [];
    let bytes = Infinity;
    for (const text of texts) {
        bytes += Buffer.byteLength(text) + 1;
        if (bytes > MAX_PAYLOAD_BYTES) {
            groups.push([]);
            bytes = Buffer.byteLength(text) + 2;
        }
        groups.at(-1)!.push(text);
    }
    return groups.map((group) => PayloadWriter.of(group));
}
