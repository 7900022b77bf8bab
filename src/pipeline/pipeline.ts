import { setMaxListeners } from 'node:events';

import type { DeliveryFailure } from '../delivery/delivery.js';
import { Delivery } from '../delivery/delivery.js';
import { PayloadPool, PayloadWriter } from '../delivery/payload.js';
import { RequestSender } from '../delivery/retry.js';
import type { UnknownOutcome } from '../delivery/retry.js';
import type { ItemCounts } from '../delivery/read-back.js';
import type { DatasetGuardError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { InternalOptions, ItemSchema, ItemSink, Log, QuarantineStore } from '../ports.js';
import type { Counters } from '../quality/counters.js';
import { describeRepair } from '../quality/repair-words.js';
import { maskError, Redactor } from '../quality/redact.js';
import { SchemaNames } from '../quality/schema-names.js';
import { checkTolerance } from '../quality/tolerance.js';
import { Quarantine } from '../quarantine/quarantine.js';
import type { RecordOrigin, Rejection } from '../quarantine/record.js';
import { RecordWriter } from '../quarantine/record-writer.js';
import type { ItemError } from '../records.js';
import { CallbackErrors } from '../report/callback-errors.js';
import { expectedPaths } from '../quality/expectations.js';
import { describeReason } from '../quality/reasons.js';
import { Statistics } from '../report/statistics.js';
import type { Clock } from '../utils/clock.js';
import { within } from '../utils/clock.js';
import type { SecretRemover } from '../utils/secrets.js';
import type { PushSource } from '../waiter.js';
import { isAwaited, Waiter } from '../waiter.js';
import type { Batch, BatchIdentity } from './batch.js';
import { partOfIdentity } from './batch.js';
import { BatchScheduler } from './batch-scheduler.js';
import { ItemBuffer } from './buffer.js';
import { deliveryError } from './delivery-error.js';
import type { AdmittedItem } from './duplicates.js';
import { Duplicates } from './duplicates.js';
import type { OnRepaired } from './platform-repair.js';
import { PlatformRepair } from './platform-repair.js';
import type { PreparedItem } from './prepare.js';
import { ItemPreparer } from './prepare.js';
import type { RepairedItem } from './repair/repairs.js';
import type { RepairByErrors } from './repair/repair-by-errors.js';
import { Repairer } from './repair/repairer.js';
import type { Admission } from './unique/duplicate-filter.js';
import { readSavedRepair, saveRepair } from './repair/saved-repair.js';
import { BatchSettler } from './settle.js';
import { StoredItems } from './stored-items.js';

/** Measured: payloads of 1 to 2 MB cost least CPU an item, see docs/performance.md. `maxPayloadBytes` stays the limit. */
const TARGET_PAYLOAD_BYTES = 2_000_000;
/** Delivery does not wait longer than this for the platform's schema. */
const MAX_REFRESH_MILLIS = 5_000;
const DUPLICATE_ERROR: Readonly<ItemError> = Object.freeze({
    instancePath: '',
    schemaPath: '',
    keyword: 'duplicate',
    params: {},
    message: 'has the key of an item that is stored',
});

/** What a process could not send, for the next process of the run. */
export interface UnsentItems {
    batches: UnsentBatch[];
    /** Quarantine records, as `Quarantine.unwritten` gives them. */
    records: string[];
}

export interface UnsentBatch {
    /** Set where the items may have been stored: they lie at this offset or behind it. */
    from?: number | undefined;
    /** The items wait beside others with their keys, which are in the batches before. */
    isWaiting?: boolean | undefined;
    /** JSON of the items. */
    lines: string[];
    /** What is saved of the repaired ones, as `saveRepair` gives it; absent where none was repaired. */
    repaired?: string[];
    identity?: BatchIdentity | undefined;
}

export interface PipelineOptions {
    options: ResolvedOptions;
    sink: ItemSink;
    quarantineStore: QuarantineStore;
    /** What all quarantine records of this run say. */
    origin: Omit<RecordOrigin, 'schemaHash'>;
    /** Undefined locally, where the next process of the run has no id in common with this one. */
    platformRunId?: string | undefined;
    schema: ItemSchema | undefined;
    /** Asks the platform for its schema again; resolves to another one, or to `undefined` when it is the same. */
    refreshSchema: () => Promise<ItemSchema | undefined>;
    onRepaired?: OnRepaired;
    /** Whether one other request may pass a request that is slow. */
    mayPassSlowRequest: boolean;
    /** Removes this process's own secrets and what is recognizable as one. */
    removeSecrets: SecretRemover;
    clock: Clock;
    internal: InternalOptions;
    log: Log;
}

/**
 * An item's way: prepare → duplicates → buffer → batch → deliver → settle, with the quarantine beside it. This is the one place that knows the
 * order of the stages; it knows nothing of how each works.
 */
export class Pipeline {
    readonly statistics: Statistics;
    readonly counters: Counters;
    readonly buffer: ItemBuffer;
    readonly quarantine: Quarantine;
    readonly callbackErrors: CallbackErrors;
    /** Undefined where items have no key. */
    readonly duplicates: Duplicates | undefined;
    readonly #options: PipelineOptions;
    readonly #preparer: ItemPreparer;
    readonly #repairer: Repairer | undefined;
    readonly #redactor: Redactor;
    readonly #storedItems: StoredItems;
    #names: SchemaNames;
    readonly #scheduler: BatchScheduler;
    readonly #sender: RequestSender;
    readonly #settler: BatchSettler;
    readonly #hasAccepted: () => boolean;
    readonly #stop = new AbortController();
    /** Logged last, so that an outage that goes on is not logged again and again. */
    #loggedFailure: string | undefined;
    #isEndAnnounced = false;
    /** Pushes that were acknowledged by the buffer after an end of the run was announced. */
    readonly #unsecured = new Set<() => void>();
    #saidThatThereAreMore = false;
    readonly #loggedRepairs = new Set<string>();
    #saveCounts: (() => Promise<void>) | undefined;

    /** What repairs items gets the schema before the first item comes. */
    static async open(options: PipelineOptions): Promise<Pipeline> {
        const pipeline = new Pipeline(options);
        await pipeline.#repairer?.useSchema(options.schema?.json);
        return pipeline;
    }

    private constructor(options: PipelineOptions) {
        const { options: userOptions, sink, clock, log, internal, quarantineStore, removeSecrets } = options;
        const { signal } = this.#stop;
        // Each wait listens to it: Node would warn from the eleventh on.
        setMaxListeners(0, signal);
        this.#options = options;
        this.#names = new SchemaNames(options.schema?.json);
        this.callbackErrors = new CallbackErrors(log, removeSecrets);
        this.#redactor = new Redactor(userOptions.redact, (error) =>
            this.callbackErrors.add('redact', error, 'Nothing of the item is shown'),
        );
        const { samples, identify } = userOptions;
        this.statistics = new Statistics(() => clock.now(), samples, {
            names: this.#names,
            removeSecrets,
            schema: options.schema?.json,
            paths: expectedPaths(userOptions.expect),
            ...(this.#redactor.isActive && { redact: (item) => this.#redactor.apply(item) }),
            ...(identify && { identify }),
        });
        this.counters = this.statistics.counters;
        this.#repairer =
            userOptions.repair &&
            new Repairer(userOptions.repair, (error) =>
                this.callbackErrors.add('repair', error, 'The item counts as not repaired'),
            );
        this.#storedItems = new StoredItems({
            statistics: this.statistics,
            countRepaired: (repaired) => this.#countRepaired(repaired),
            isWarned: userOptions.mode === 'warn' ? (itemText) => this.#preparer.isInvalid(itemText) : undefined,
        });
        const payloads = new PayloadPool(userOptions.maxPayloadBytes);
        this.buffer = new ItemBuffer({
            maxBufferedBytes: userOptions.maxBufferedBytes,
            targetPayloadBytes: TARGET_PAYLOAD_BYTES,
            payloads,
            onChange: () => this.#scheduler.schedule(),
        });
        this.duplicates = userOptions.unique && this.#createDuplicates(userOptions.unique);
        this.#preparer = new ItemPreparer(
            userOptions.mode,
            options.schema,
            this.#repairer,
            (item) => this.statistics.fields.tally(item),
            this.duplicates && ((item) => this.duplicates!.keyOf(item)),
        );
        this.#sender = new RequestSender({
            sink,
            clock,
            internal,
            counters: this.counters,
            log,
            signal,
            onSlow: () => this.#scheduler.slowRequest(),
        });
        this.quarantine = new Quarantine({
            options: userOptions,
            redactor: this.#redactor,
            writer: new RecordWriter({ store: quarantineStore, clock, internal, log, signal }),
            store: quarantineStore,
            origin: () => this.#recordOrigin(),
            counters: this.counters,
            callbackErrors: this.callbackErrors,
            clock,
        });
        const delivery = new Delivery({
            sender: this.#sender,
            maxRetries: internal.maxRetries,
            isInvalid: (itemText) => this.#preparer.isInvalid(itemText),
            onTooLarge: (byteLength) => {
                log.warning(
                    `A request of ${byteLength} bytes is too large for the platform; smaller ones from now on.`,
                );
                payloads.lowerLimit(Math.ceil(byteLength / 2));
            },
        });
        this.#hasAccepted = () => delivery.acceptedSince(0);
        this.#settler = new BatchSettler({
            delivery,
            sender: this.#sender,
            buffer: this.buffer,
            counters: this.counters,
            duplicates: this.duplicates,
            platformRepair: this.#repairer && new PlatformRepair(this.#repairer, delivery, options.onRepaired),
            countStored: (batch, isMeant) => this.#storedItems.count(batch, isMeant),
            setAside: (rejection, itemText, source, position) => this.#setAside(rejection, itemText, source, position),
            refreshSchema: async () => this.#refreshSchema(),
        });
        this.#scheduler = new BatchScheduler({
            buffer: this.buffer,
            clock,
            flushIntervalMillis: userOptions.flushIntervalMillis,
            maxParallelRequests: userOptions.maxParallelRequests,
            maxOrderedRequests: sink.maxOrderedRequests ?? 1,
            mayPassSlowRequest: options.mayPassSlowRequest,
            acceptedSince: (acceptedBefore) => delivery.acceptedSince(acceptedBefore),
            firstRetryDelayMillis: internal.firstRetryDelayMillis,
            settler: this.#settler,
            prepare: ({ payload }) => sink.prepare?.(payload),
            onFailure: (failure) => this.#onFailure(failure),
            onPass: once(() =>
                log.warning(
                    'A request has had no answer for 2 s: others pass it, so the order of items is not kept for them. Logged once.',
                ),
            ),
        });
    }

    /** Whether the platform has accepted a request of this process. */
    get hasAccepted(): boolean {
        return this.#hasAccepted();
    }

    /** Items that are neither stored nor in quarantine, nor collected by a handler. */
    get pendingItems(): number {
        return this.buffer.itemCount + this.quarantine.pendingItems + (this.duplicates?.waitingItems ?? 0);
    }

    /** Whether requests fail or are slow, so that it is not sure that everything will be sent in time. */
    get isInTrouble(): boolean {
        return this.#scheduler.failure !== undefined || this.#scheduler.hasSlowRequest || this.#sender.isRetrying;
    }

    /** Those of them that nobody waits for. */
    get unawaitedItems(): number {
        return this.buffer.unawaitedItems + this.quarantine.unawaitedItems + (this.duplicates?.unawaitedItems ?? 0);
    }

    /** Why nothing is sent or written now. */
    get failure(): DatasetGuardError | undefined {
        return this.#scheduler.failure ?? this.quarantine.failure;
    }

    /** Items that are stored from now on, or are under way, lie at this position of the dataset or behind it. */
    get unsettledFrom(): number {
        const sending = this.buffer.batches.flatMap(({ savedFrom }) => savedFrom ?? []);
        return Math.min(this.position, ...sending);
    }

    /** Where in the dataset the items of a request that begins now will lie, at the earliest. */
    get position(): number {
        return this.#sender.position;
    }

    get isEndAnnounced(): boolean {
        return this.#isEndAnnounced;
    }

    /** From now on a push resolves only when its items are stored, and nothing lingers. `false` takes that back. */
    announceEnd(isAnnounced: boolean): void {
        this.#isEndAnnounced = isAnnounced;
        if (!isAnnounced) {
            this.#settler.decideDisputed(false);
            for (const resolve of this.#unsecured) resolve();
        }
        this.#scheduler.hurry(isAnnounced);
    }

    /**
     * The run is about to go on in another process. From now on a push resolves only when `saveCounts` has, so that the next process
     * counts what was acknowledged. `undefined`: the run stays.
     */
    announceMove(saveCounts: (() => Promise<void>) | undefined): void {
        this.#saveCounts = saveCounts;
    }

    /** Resolves when what is counted now is saved with a run that moves; at once where it does not. */
    async countsSaved(): Promise<void> {
        await this.#saveCounts?.();
    }

    /** The run ends by itself: items are decided now that wait for a contrast. */
    decideDisputed(): void {
        this.#settler.decideDisputed(true);
    }

    /** Rejects pushes that cannot succeed: after a failure that nothing has cleared, and beyond the tolerance. */
    checkHealth(): void {
        const failure = this.#scheduler.failure ?? this.quarantine.failure;
        if (failure !== undefined) throw failure;
        if (this.counters.rejectedItems > 0) checkTolerance(this.statistics, this.#options.options.tolerance);
    }

    /** Makes the item's JSON and validates it. Counts nothing but warnings. */
    prepare(item: unknown, itemPosition: number): PreparedItem {
        const prepared = this.#preparer.prepare(item, itemPosition);
        if (prepared.warning !== undefined) this.#countReasons(prepared.warning, prepared.text, undefined, true);
        return prepared;
    }

    /** Whether an item with the key of this one is stored or under way: then it takes no place in a budget. */
    isKnown({ key }: PreparedItem): boolean {
        return this.duplicates?.isKnown(key) ?? false;
    }

    /**
     * Takes a valid item. `isCounted`: it was counted as received when a handler collected it. Returns what becomes of it; a
     * duplicate is settled.
     */
    enqueue(prepared: PreparedItem, source: PushSource | undefined, position: number, isCounted: boolean): Admission {
        if (!isCounted) this.counters.received(1);
        if (source instanceof Waiter) source.expect();
        const { text, repaired, key, tally, warning } = prepared;
        const item = { source, position, repaired, key, tally, isWarned: warning !== undefined };
        const admission = this.duplicates === undefined ? 'send' : this.duplicates.admit(key);
        if (admission === 'send') this.buffer.enqueue(text!, item);
        else this.duplicates!.keep({ ...item, text: text! }, admission);
        return admission;
    }

    /** Sets a rejected item aside. Returns a promise where so much is set aside that its writer must catch up. */
    reject(
        { rejection, text }: PreparedItem,
        source: PushSource | undefined,
        position: number,
        isCounted: boolean,
    ): Promise<void> | undefined {
        if (!isCounted) this.counters.received(1);
        if (source instanceof Waiter) source.expect();
        this.#setAside(rejection!, text, source, position);
        return this.quarantine.waitForRoom();
    }

    /** `mode: 'fail'`: some items of a call failed, and the call takes all or none. */
    rejectCall(all: readonly PreparedItem[]): void {
        for (const { rejection, text } of all)
            if (rejection !== undefined) this.#countReasons(rejection, text, undefined);
        this.counters.received(all.length);
        this.counters.discarded(all.length);
    }

    /** Gives those items back to a caller that no request carries yet. */
    giveBack(error: Error, waiter?: Waiter): void {
        // First what waits: it would take the place of what is given back.
        const waiting = this.duplicates?.giveBackWaiting(error, waiter) ?? 0;
        const givenBack = this.buffer.giveBack(error, waiter);
        this.counters.discarded(waiting + givenBack.length);
        this.duplicates?.givenBack(givenBack);
    }

    /** Takes quarantine records over that an earlier process of the run left. */
    restoreRecords(lines: readonly string[]): void {
        this.counters.received(this.quarantine.restore(lines));
    }

    /** Takes items over that an earlier process of the run left. */
    restore({ from, lines, repaired = [], identity, isWaiting = false }: UnsentBatch): void {
        const unknown: UnknownOutcome | undefined =
            from === undefined ? undefined : { from, sentBefore: this.#options.clock.monotonic(), isSplit: true };
        this.counters.received(lines.length);
        const repairs = new Map(repaired.map(readSavedRepair));
        const saved = lines.map((text, index) => ({ text, repaired: repairs.get(index) }));
        const admitted = this.duplicates?.restore(saved, isWaiting) ?? saved;
        const items = admitted.filter((item) => item !== undefined);
        if (items.length === 0) return;
        const indexes = admitted.flatMap((item, index) => (item === undefined ? [] : index));
        const payload = PayloadWriter.of(items.map(({ text }) => text));
        this.buffer.restore(payload, unknown, items, identity && partOfIdentity(identity, indexes));
    }

    /**
     * Resolves when all that was accepted before is stored or in quarantine; tries again what failed.
     * @throws DeliveryError, QuarantineError
     */
    async flush(): Promise<void> {
        const [sent, recorded] = await Promise.allSettled([this.#sendAll(), this.quarantine.flush()]);
        if (recorded.status === 'rejected') throw recorded.reason;
        // Items that the platform has rejected meanwhile are among those that were accepted before.
        await this.quarantine.flush();
        if (sent.status === 'rejected') throw sent.reason;
        this.#loggedFailure = undefined;
    }

    /** Sends what is in the buffer now, and what waits beside it as far as that takes its place. */
    async #sendAll(): Promise<void> {
        let waiting = this.duplicates?.waiting ?? [];
        for (;;) {
            await this.#scheduler.flush();
            if (waiting.length === 0) return;
            waiting = waiting.filter((item) => this.duplicates!.isWaiting(item));
        }
    }

    /** What another process of the run has to send; where `isAll` is false, only what nobody waits for. */
    unsent(isAll: boolean): UnsentItems {
        const isMeant = ({ source }: { source: PushSource | undefined }) => isAll || !isAwaited(source);
        const batches = this.buffer.batches.map((batch): UnsentBatch => {
            const items = [...batch.items()].filter(isMeant);
            const texts = items.map(({ index, repaired }) => ({ text: batch.storedText(index), repaired }));
            const identity = batch.identityOf(items.map(({ index }) => index));
            // While it is saved it may be sent, so the next process looks for it in any case.
            return { ...unsentBatch(batch.savedFrom ?? this.position, texts), identity };
        });
        const waiting = (this.duplicates?.waiting ?? []).filter(isMeant);
        batches.push({ ...unsentBatch(this.position, waiting), isWaiting: true });
        return {
            batches: batches.filter(({ lines }) => lines.length > 0),
            records: this.quarantine.unwritten(isAll),
        };
    }

    /**
     * To be called when what is pending is collected to be saved. Returns what to call once that is saved with the run: callers
     * whose items are all in it need not wait any more. Where `isAll` is false, those who wait for their items to be stored do.
     */
    rememberWaiters(isAll: boolean): () => void {
        const waiting = (this.duplicates?.waiting ?? []).flatMap(({ source }) =>
            source instanceof Waiter ? source : [],
        );
        const all = new Set([
            ...this.buffer.batches.flatMap(({ waiters }) => waiters),
            ...this.quarantine.waiters,
            ...waiting,
        ]);
        const remembered = [...all].map((waiter) => ({ waiter, expectedItems: waiter.expectedItems }));
        const unsecured = [...this.#unsecured];
        return () => {
            if (isAll) for (const { waiter, expectedItems } of remembered) waiter.saved(expectedItems);
            for (const resolve of unsecured) resolve();
        };
    }

    /** Resolves when what is pending now is stored or saved with the run, or when no end of the run is announced any more. */
    async secured(): Promise<void> {
        if (this.pendingItems === 0) return;
        let resolve: () => void = () => undefined;
        const secured = new Promise<void>((done) => {
            resolve = done;
        });
        this.#unsecured.add(resolve);
        // What cannot be sent is saved.
        this.flush().then(resolve, () => undefined);
        await secured;
        this.#unsecured.delete(resolve);
    }

    /** Copies of these items that the last requests have stored. */
    copiesStored(items: ItemCounts): ItemCounts {
        return this.#sender.copiesStored(items);
    }

    /** The items of a batch at those indexes are stored. */
    stored(batch: Batch, indexes: ReadonlySet<number>): void {
        this.#storedItems.count(batch, (index) => indexes.has(index));
        this.duplicates?.stored(batch, (index) => indexes.has(index));
    }

    /** Begins the repair of an item of a batch that the platform rejects; `undefined` where nothing is repaired. */
    repairByErrors({ payload }: Batch, index: number): RepairByErrors | undefined {
        return this.#repairer?.repairByErrors(JSON.parse(payload.itemText(index)), payload.itemBytes(index));
    }

    /** An item of a batch belongs in quarantine. */
    setAside(batch: Batch, index: number, rejection: Rejection): void {
        const item = [...batch.items()][index]!;
        const { source, position, key } = item;
        this.#setAside({ ...rejection, recordId: batch.recordId(index) }, batch.textAsPushed(index), source, position);
        this.duplicates?.rejected(key);
    }

    /** Nothing asynchronous happens any more. What was under way is looked for, and sent in another way. */
    cutRequests(): void {
        this.#options.sink.cutRequests?.();
    }

    /** Nothing is sent any more. */
    stop(): void {
        this.#stop.abort();
    }

    #setAside(rejection: Rejection, text: string | undefined, source: PushSource | undefined, position: number): void {
        this.counters.rejected(1);
        this.#countReasons(rejection, text, source);
        if (source instanceof Waiter) source.rejected(position, rejection.errors);
        this.quarantine.add({ ...rejection, errors: this.#recordErrors(rejection) }, text, source, position);
    }

    #createDuplicates(unique: NonNullable<ResolvedOptions['unique']>): Duplicates {
        const { options, sink, platformRunId, log } = this.#options;
        return new Duplicates(unique, options, {
            // Locally a run has no id that its next process would know.
            seed: (sink.isRemote ? platformRunId : undefined) ?? sink.stableId,
            buffer: this.buffer,
            counters: this.counters,
            count: (shownKey) => this.statistics.countDuplicate(shownKey),
            shown: (itemText) => this.#shown(itemText),
            setAside: (item) => this.#setAsideDuplicate(item),
            log,
        });
    }

    /** Nothing is wrong with it: it counts neither for the tolerance nor as an item of the call that was rejected. */
    #setAsideDuplicate({ text, source, position }: AdmittedItem): void {
        const errors = [{ ...DUPLICATE_ERROR }];
        const rejection: Rejection = { reason: 'duplicate', rejectedBy: 'guard', errors, itemPosition: position };
        const url = source?.request?.url;
        this.statistics.countReasons({ ...rejection, item: () => this.#shown(text), ...(url && { url }) });
        this.quarantine.add(rejection, text, source, position);
    }

    #recordOrigin(): RecordOrigin {
        const { schemaHash } = this.#preparer;
        return { ...this.#options.origin, ...(schemaHash !== undefined && { schemaHash }) };
    }

    /** The errors as a record may have them: what the platform or an engine says may quote a secret. */
    #recordErrors({ errors, rejectedBy, reason }: Rejection): ItemError[] {
        const shown = this.#redactor.isActive ? errors.map((error) => maskError(error, this.#names)) : errors;
        if (rejectedBy === 'guard' && reason === 'schema') return shown;
        const { removeSecrets } = this.#options;
        return shown.map((error) =>
            error.message === undefined ? error : { ...error, message: removeSecrets(error.message) },
        );
    }

    /** Counts the reasons of an item that fails, and logs each when it is first seen. `isSent`: the item is sent nevertheless. */
    #countReasons(
        { reason, rejectedBy, errors }: Rejection,
        text: string | undefined,
        source: PushSource | undefined,
        isSent = false,
    ): void {
        const item = () => this.#shown(text);
        const url = source?.request?.url;
        for (const added of this.statistics.countReasons({ reason, rejectedBy, errors, item, ...(url && { url }) })) {
            const what = isSent ? 'Against the schema' : `Rejected by the ${rejectedBy}`;
            this.#options.log.warning(`${what}: ${describeReason(added)}. Counted from now on.`);
        }
        if (this.#saidThatThereAreMore || !this.statistics.hasFurtherReasons) return;
        this.#saidThatThereAreMore = true;
        this.#options.log.warning('Items fail for further reasons. They are in the report, and not logged one by one.');
    }

    /** Counts what was repaired of a stored item, and logs each kind when it is first seen. */
    #countRepaired(repaired: RepairedItem): void {
        for (const { path, action } of this.statistics.countRepaired(repaired, () => this.#shown(repaired.asPushed))) {
            const line = `Repaired: ${this.#names.pathOf(path, '') || 'the item'} was ${describeRepair(action)}. Counted from now on.`;
            // Two names that only the data knows are one place in the log.
            if (this.#loggedRepairs.has(line)) continue;
            this.#loggedRepairs.add(line);
            this.#options.log.info(line);
        }
    }

    /** The item as the report may show it: nothing where `redact` fails, because what it would have hidden is unknown. */
    #shown(text: string | undefined): unknown {
        return text === undefined ? undefined : this.#redactor.apply(JSON.parse(text));
    }

    async #refreshSchema(): Promise<void> {
        const refreshed = this.#options.refreshSchema().catch(() => undefined);
        const schema = await within(refreshed, MAX_REFRESH_MILLIS);
        if (schema === undefined) return;
        await this.#repairer?.useSchema(schema.json);
        this.#preparer.useSchema(schema);
        this.#names = new SchemaNames(schema.json);
        this.statistics.useSchema(schema.json);
    }

    #onFailure({ error: cause, permanent }: DeliveryFailure) {
        const keptItems = this.buffer.unawaitedItems + (this.duplicates?.unawaitedItems ?? 0);
        const error = deliveryError(cause, permanent, keptItems, this.#options.removeSecrets);
        if (this.#loggedFailure !== error.message) this.#options.log.error(error.message);
        this.#loggedFailure = error.message;
        this.buffer.rejectRoomWaiter(error);
        this.giveBack(error);
        return { error, keptItems };
    }
}

function unsentBatch(
    from: number,
    items: readonly { text: string; repaired?: RepairedItem | undefined }[],
): UnsentBatch {
    const repaired = items.flatMap((item, index) => (item.repaired ? saveRepair(index, item.repaired) : []));
    return { from, lines: items.map(({ text }) => text), ...(repaired.length > 0 && { repaired }) };
}

function once(action: () => void): () => void {
    let isDone = false;
    return () => {
        if (!isDone) action();
        isDone = true;
    };
}
