import type { Delivery, DeliveryOutcome } from '../delivery/delivery.js';
import type { RequestSender } from '../delivery/retry.js';
import type { Rejection } from '../quarantine/record.js';
import type { Counters } from '../quality/counters.js';
import type { PushSource } from '../waiter.js';
import { isAwaited, Waiter } from '../waiter.js';
import type { Batch, BatchItem, KeptPart } from './batch.js';
import type { SendBatchResult } from './batch-scheduler.js';
import { isGivenUp } from './batch-scheduler.js';
import type { ItemBuffer } from './buffer.js';
import { deliveryError } from './delivery-error.js';
import type { Duplicates } from './duplicates.js';
import type { PlatformRepair } from './platform-repair.js';

export interface BatchSettlerOptions {
    delivery: Delivery;
    sender: RequestSender;
    buffer: ItemBuffer;
    counters: Counters;
    /** Repairs what the platform rejects; undefined where nothing is repaired. */
    platformRepair: PlatformRepair | undefined;
    /** Undefined where items have no key. */
    duplicates: Duplicates | undefined;
    /** The items of a batch whose index is meant are stored. */
    countStored: (batch: Batch, isMeant: (index: number) => boolean) => void;
    /** An item goes to the quarantine. */
    setAside: (rejection: Rejection, itemText: string, source: PushSource | undefined, position: number) => void;
    /** The platform rejected what passed here, so it has another schema. Never rejects. */
    refreshSchema: () => Promise<void>;
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
        const { delivery, sender, buffer, refreshSchema } = this.#options;
        if (batch.hasAbandonedItems) {
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
                isAbandoned: () => batch.hasAbandonedItems,
                onStored: (indexes) => batch.storedSoFar(indexes),
            })
            .catch((error: Error) => nothingDelivered(batch, error));
        const outcome = delivered.rejected.length === 0 ? delivered : await this.#repair(batch, delivered);
        // Each item changes its place in one step, so that it is counted in exactly one at every moment.
        this.#tellStored(batch, outcome);
        this.#setAside(batch, outcome);
        this.#keepUnsent(batch, outcome);
        if (delivered.rejected.some(({ reason }) => reason === 'schema')) await refreshSchema();
        const [dispute] = batch.isDisputed && !delivery.acceptedSince(batch.acceptedBefore!) ? outcome.disputed : [];
        // Where callers do not wait any more, their items are given back first, and the rest is sent once more.
        const failure = batch.hasAbandonedItems ? undefined : outcome.failure;
        return { failure, ...(dispute && { dispute: deliveryError(dispute.error, false, 1) }) };
    }

    async #repair(batch: Batch, delivered: DeliveryOutcome): Promise<DeliveryOutcome> {
        const options = { isLastTry: this.#isLastTry, isAbandoned: () => batch.hasAbandonedItems };
        return (await this.#options.platformRepair?.repair(batch, delivered, options)) ?? delivered;
    }

    #tellStored(batch: Batch, { rejected, disputed, unsent }: DeliveryOutcome): void {
        const others = new Set([
            ...unsent.flatMap(({ indexes }) => indexes),
            ...[...rejected, ...disputed].map(({ index }) => index),
        ]);
        this.#options.countStored(batch, (index) => !others.has(index));
        batch.tellStored(others);
        this.#options.duplicates?.stored(batch, (index) => !others.has(index));
    }

    #setAside(batch: Batch, { rejected }: DeliveryOutcome): void {
        if (rejected.length === 0) return;
        const items = [...batch.items()];
        for (const { index, ...rejection } of rejected) {
            const { source, position, key } = items[index]!;
            const itemText = batch.textAsPushed(index);
            const recordId = batch.recordId(index);
            this.#options.setAside({ ...rejection, rejectedBy: 'platform', recordId }, itemText, source, position);
            this.#options.duplicates?.rejected(key);
        }
    }

    #keepUnsent(batch: Batch, { disputed, unsent }: DeliveryOutcome): void {
        const { buffer, counters, duplicates } = this.#options;
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
        counters.discarded(givenUp.length);
        for (const { item, error } of givenUp) item.source.givenBack(item.position, deliveryError(error, false, 0));
        duplicates?.givenBack(givenUp.map(({ item }) => item));
    }

    /** The retry of a handler that timed out pushes its items again. */
    #giveBackAbandoned(batch: Batch): void {
        const error = new Error('The handler timed out before its items were sent; its retry pushes them again.');
        const isAbandoned = (source: PushSource | undefined): source is Waiter =>
            source instanceof Waiter && source.isAbandoned;
        const { buffer, counters, duplicates } = this.#options;
        const givenBack = buffer.giveBackItems(batch, error, isAbandoned);
        counters.discarded(givenBack.length);
        duplicates?.givenBack(givenBack);
    }
}

/** What a defect leaves, which is no outage: the items are kept. */
function nothingDelivered({ payload }: Batch, error: Error): DeliveryOutcome {
    const indexes = Array.from({ length: payload.itemCount }, (_, index) => index);
    return { rejected: [], disputed: [], unsent: [{ indexes }], failure: { error, permanent: false } };
}
