import type { Dataset } from 'apify';

import { createCharging } from '../apify/charging.js';
import { readRecordOrigin } from '../apify/environment.js';
import { createItemSink, isInitialized } from '../apify/item-sink.js';
import { createSchemaSources } from '../apify/schema-sources.js';
import { isDefaultDataset } from '../apify/storages.js';
import type { ResolvedOptions } from '../options.js';
import type { InternalOptions, ItemSink, Log, QuarantineStore } from '../ports.js';
import type { QuarantineRecord } from '../records.js';
import { Pipeline } from '../pipeline/pipeline.js';
import type { OnRepaired } from '../pipeline/platform-repair.js';
import { Pusher } from '../pipeline/push.js';
import { createClock } from '../utils/clock.js';
import { SchemaKeeper } from '../schema/schema-keeper.js';
import { fingerprintOf } from './fingerprint.js';
import { createSecretRemover, readOwnSecrets } from '../utils/secrets.js';

export interface TargetParts {
    options: ResolvedOptions;
    quarantineStore: QuarantineStore;
    /** The hash of the transform. */
    transformHash: string | undefined;
    onRepaired: OnRepaired;
    internal: InternalOptions;
    log: Log;
}

/** The part of a guard that a redrive needs on the dataset to which items go: no entry points, nothing at the run's end. */
export interface Target {
    readonly dataset: Dataset;
    readonly sink: ItemSink;
    /** Hash of the schema, the transform and the repair with which items are tried here. */
    readonly fingerprint: string;
    /** Items that are sent now will lie at or behind this position of the dataset. */
    readonly position: number;
    /** Whether the item would be stored; sends nothing. */
    passes(item: unknown): boolean;
    /** The item as it is once it is repaired; `undefined` where it passes as it is, or cannot be repaired. */
    repair(item: unknown): unknown;
    /**
     * Sends the items in order. Resolves to the outcome of each when they are stored or in quarantine; the fields of its
     * `record` go to the quarantine with an item that fails. @throws DeliveryError, QuarantineError: some may be stored
     */
    pushAll(items: readonly ReturningItem[]): Promise<PushOutcome[]>;
}

/** An item from the quarantine, and the fields of its new record if it fails again. */
export interface ReturningItem {
    item: unknown;
    record: Partial<QuarantineRecord>;
}

/** The outcome of an item. `trimmed`: the user's pay-per-event budget did not let it through. */
export type RedriveOutcome = 'stored' | 'returned' | 'trimmed';

export interface PushOutcome {
    outcome: RedriveOutcome;
    /** The platform rejected the item, and stored it once it was repaired. */
    isRepaired: boolean;
}

/** Opens a guard on `dataset`. @throws SchemaLoadError */
export async function openTarget(dataset: Dataset, parts: TargetParts): Promise<Target> {
    const { options, internal, log, quarantineStore, transformHash, onRepaired } = parts;
    const clock = createClock();
    const sink = createItemSink(dataset, internal);
    const schemas = new SchemaKeeper(
        { option: options.schema, target: { kind: isDefaultDataset(dataset) ? 'default' : 'other' } },
        { sources: createSchemaSources(dataset), log, now: clock.now },
    );
    const schema = await schemas.find();
    const pipeline = await Pipeline.open({
        removeSecrets: createSecretRemover(readOwnSecrets(process.env)),
        options,
        sink,
        quarantineStore,
        origin: {
            datasetId: sink.datasetId,
            ...(sink.datasetName && { datasetName: sink.datasetName }),
            ...readRecordOrigin(),
        },
        schema,
        refreshSchema: async () => schemas.refresh(),
        onRepaired,
        clock,
        mayPassSlowRequest: false,
        internal,
        log,
    });
    const charging = createCharging(dataset.id, isInitialized());
    const pusher = new Pusher(pipeline, options, charging);
    return {
        dataset,
        sink,
        fingerprint: fingerprintOf(schema?.hash, transformHash, options.repair),
        get position() {
            return pipeline.sender.position;
        },
        passes: (item) => pipeline.prepare(item, 0).rejection === undefined,
        repair: (item) => {
            if (options.repair === undefined) return undefined;
            const { text, repaired } = pipeline.prepare(item, 0);
            return repaired && (JSON.parse(text!) as unknown);
        },
        pushAll: async (items) => pushAll(pusher, items),
    };
}

/** Each item is a call of its own, with a record of its own, and all share requests. */
async function pushAll(pusher: Pusher, items: readonly ReturningItem[]): Promise<PushOutcome[]> {
    const calls = items.map(async ({ item, record }) => pusher.push([item], { ack: 'stored', record }));
    // Waits for all of them, also when one fails: an item that is still under way must not be taken for missing.
    await Promise.allSettled(calls);
    const results = await Promise.all(calls);
    return results.map(({ acceptedItems, quarantinedItems, repairedItems }) => ({
        outcome: acceptedItems > 0 ? 'stored' : quarantinedItems > 0 ? 'returned' : 'trimmed',
        isRepaired: repairedItems > 0,
    }));
}
