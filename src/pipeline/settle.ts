import type { Delivery } from '../delivery/delivery.js';
import type { DeliveryFailure, DeliveryOutcome } from '../delivery/progress.js';
import type { RequestSender } from '../delivery/retry.js';
import type { DeliveryError } from '../errors.js';
import type { ItemSchema } from '../ports.js';
import type { Quarantine } from '../quarantine/quarantine.js';
import type { Rejection } from '../quarantine/record.js';
import type { Statistics } from '../report/statistics.js';
import { within } from '../utils/clock.js';
import type { PushSource } from '../waiter.js';
import { isAwaited, Waiter } from '../waiter.js';
import type { Batch, BatchItem, KeptPart } from './batch.js';
import type { SendBatchResult } from './batch-scheduler.js';
import { isGivenUp } from './disputed.js';
import type { ItemBuffer } from './buffer.js';
import { deliveryError } from './delivery-error.js';
import type { Duplicates } from './duplicates.js';
import type { PlatformRepair } from './platform-repair.js';
import type { ItemPreparer } from './prepare.js';
import type { RejectedItems } from './rejected-items.js';
import type { StoredItems } from './stored-items.js';

/** Delivery does not wait longer than this for the platform's schema. */
const MAX_REFRESH_MILLIS = 5_000;

export interface BatchSettlerOptions {
    delivery: Delivery;
    sender: RequestSender;
    buffer: ItemBuffer;
    preparer: ItemPreparer;
    statistics: Statistics;
    quarantine: Quarantine;
    storedItems: StoredItems;
    rejectedItems: RejectedItems;
    /** Repairs what the platform rejects; undefined where nothing is repaired. */
    platformRepair: PlatformRepair | undefined;
    /** Undefined where items have no key. */
    duplicates: Duplicates | undefined;
    /** Asks the platform for its schema again; resolves to another one, or to `undefined` when it is the same. */
    refreshSchema: () => Promise<ItemSchema | undefined>;
}

/** Sends a batch, and tells everybody what became of its items: callers, counters, quarantine and buffer. */
export class BatchSettler {
    readonly #options: BatchSettlerOptions;
    #isLastTry = false;

    constructor(options: BatchSettlerOptions) {
        this.#options = options;
    }

    /** From now on a disputed item is decided at once, because the run ends. `false` takes that back. */
    decideDisputed(isLastTry: boolean): void {
        this.#isLastTry = isLastTry;
    }

    /** Never rejects: a failure is part of the result. */
    async send(batch: Batch): Promise<SendBatchResult> {
        const { delivery, sender, buffer } = this.#options;
        if (batch.sources.haveAbandoned) {
            this.#giveBackAbandoned(batch);
            return {};
        }
        buffer.beginSending(batch, sender.position);
        const { unknown, acceptedBefore } = batch;
        const delivered = await delivery
            .deliver(batch.payload, {
                unknown,
                acceptedBefore,
                isLastTry: this.#isLastTry,
                isAbandoned: () => batch.sources.haveAbandoned,
                onStored: (indexes) => batch.storedSoFar(indexes),
            })
            .catch((error: Error) => nothingDelivered(batch, error));
        const outcome = delivered.rejected.length === 0 ? delivered : await this.#repair(batch, delivered);
        // Each item changes its place in one step, so that it is counted in exactly one at every moment.
        this.#settleStored(batch, outcome);
        this.#settleRejected(batch, outcome);
        this.#keepUnsent(batch, outcome);
        if (delivered.rejected.some(({ reason }) => reason === 'schema')) await this.#refreshSchema();
        const [dispute] = batch.isDisputed && !delivery.acceptedSince(batch.acceptedBefore!) ? outcome.disputed : [];
        // Where callers do not wait any more, their items are given back first, and the rest is sent once more.
        const failure = batch.sources.haveAbandoned ? undefined : outcome.failure;
        return { failure, ...(dispute && { dispute: deliveryError(dispute.error, false, 1) }) };
    }

    /** The items of a batch whose index is meant are stored. */
    stored(batch: Batch, isMeant: (index: number) => boolean): void {
        this.#options.storedItems.count(batch, isMeant);
        this.#options.duplicates?.stored(batch, isMeant);
    }

    /** An item of a batch belongs in quarantine. */
    rejected(
        batch: Batch,
        { index, source, position, key }: BatchItem,
        rejection: Omit<Rejection, 'rejectedBy'>,
    ): void {
        const { rejectedItems, duplicates } = this.#options;
        const recordId = batch.recordId(index);
        const itemText = batch.textAsPushed(index);
        rejectedItems.add({ ...rejection, rejectedBy: 'platform', recordId }, itemText, source, position);
        duplicates?.rejected(key);
    }

    /** Nothing can be sent now. Gives callers back what they wait for; the error says so, and how many items are kept. */
    failed({ error: cause, permanent }: DeliveryFailure): DeliveryError {
        const { buffer, duplicates } = this.#options;
        const keptItems = buffer.unawaitedItems + (duplicates?.unawaitedItems ?? 0);
        const error = deliveryError(cause, permanent, keptItems);
        buffer.rejectRoomWaiter(error);
        this.giveBack(error);
        return error;
    }

    /** Gives those items back to a caller, or to all, that no request carries yet. */
    giveBack(error: Error, waiter?: Waiter): void {
        const { buffer, duplicates, statistics } = this.#options;
        // First what waits: it would take the place of what is given back.
        const waiting = duplicates?.giveBackWaiting(error, waiter) ?? 0;
        const givenBack = buffer.giveBack(error, waiter);
        statistics.counters.givenBack(waiting + givenBack.length);
        duplicates?.givenBack(givenBack);
    }

    async #repair(batch: Batch, delivered: DeliveryOutcome): Promise<DeliveryOutcome> {
        const options = { isLastTry: this.#isLastTry, isAbandoned: () => batch.sources.haveAbandoned };
        return (await this.#options.platformRepair?.repair(batch, delivered, options)) ?? delivered;
    }

    #settleStored(batch: Batch, { rejected, disputed, unsent }: DeliveryOutcome): void {
        const others = new Set([
            ...unsent.flatMap(({ indexes }) => indexes),
            ...[...rejected, ...disputed].map(({ index }) => index),
        ]);
        this.stored(batch, (index) => !others.has(index));
        batch.tellStored(others);
    }

    #settleRejected(batch: Batch, { rejected }: DeliveryOutcome): void {
        if (rejected.length === 0) return;
        const items = [...batch.items()];
        for (const { index, ...rejection } of rejected) this.rejected(batch, items[index]!, rejection);
    }

    #keepUnsent(batch: Batch, { disputed, unsent }: DeliveryOutcome): void {
        const { buffer, statistics, duplicates } = this.#options;
        const refusals = batch.refusals + 1;
        const parts: KeptPart[] = [...unsent];
        const givenUp: { item: BatchItem & { source: Waiter }; error: Error }[] = [];
        const items = disputed.length > 0 ? [...batch.items()] : [];
        for (const { index, acceptedBefore, error } of disputed) {
            const item = items[index]!;
            if (isAwaited(item.source) && isGivenUp(refusals)) {
                givenUp.push({ item: { ...item, source: item.source }, error });
            } else parts.push({ indexes: [index], acceptedBefore, refusals });
        }
        buffer.keep(batch, parts);
        statistics.counters.givenBack(givenUp.length);
        for (const { item, error } of givenUp) item.source.givenBack(item.position, deliveryError(error, false, 0));
        duplicates?.givenBack(givenUp.map(({ item }) => item));
    }

    /** The retry of a handler that timed out pushes its items again. */
    #giveBackAbandoned(batch: Batch): void {
        const error = new Error('The handler timed out before its items were sent; its retry pushes them again.');
        const isAbandoned = (source: PushSource | undefined): source is Waiter =>
            source instanceof Waiter && source.isAbandoned;
        const { buffer, statistics, duplicates } = this.#options;
        const givenBack = buffer.giveBackItems(batch, error, isAbandoned);
        statistics.counters.discarded(givenBack.length);
        duplicates?.givenBack(givenBack);
    }

    /** The platform rejected what passed here, so it has another schema. */
    async #refreshSchema(): Promise<void> {
        const { preparer, statistics, quarantine, refreshSchema } = this.#options;
        const refreshed = refreshSchema().catch(() => undefined);
        const schema = await within(refreshed, MAX_REFRESH_MILLIS);
        if (schema === undefined) return;
        await preparer.useSchema(schema);
        statistics.useSchema(schema.json);
        quarantine.useSchema(schema.hash);
    }
}

/** After a defect, which is no outage, the items are kept. */
function nothingDelivered({ payload }: Batch, error: Error): DeliveryOutcome {
    const indexes = Array.from({ length: payload.itemCount }, (_, index) => index);
    return { rejected: [], disputed: [], unsent: [{ indexes }], failure: { error, permanent: false } };
}
