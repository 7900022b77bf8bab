import type { Dataset } from 'apify';

import { createCharging } from '../apify/charging.js';
import { readRunIdentity } from '../apify/environment.js';
import { createItemSink, isInitialized } from '../apify/item-sink.js';
import { createSchemaSources } from '../apify/schema-sources.js';
import { isDefaultDataset } from '../apify/storages.js';
import type { ResolvedOptions } from '../options.js';
import type { InternalOptions, ItemSink, Log, QuarantineStore } from '../ports.js';
import type { QuarantineRecord } from '../records.js';
import { Pipeline } from '../pipeline/pipeline.js';
import { Pusher } from '../pipeline/push.js';
import { createClock } from '../utils/clock.js';
import { SchemaKeeper } from '../schema/schema-keeper.js';
import { fingerprintOf } from './fingerprint.js';
import { createSecretRemover, readOwnSecrets } from '../utils/secrets.js';

export interface TargetParts {
    options: ResolvedOptions;
    quarantineStore: QuarantineStore;
    /** Of the transform. */
    transformHash: string | undefined;
    internal: InternalOptions;
    log: Log;
}

/** A guard on the dataset that items go to, as far as a redrive needs one: no doors, and nothing at the run's end. */
export interface Target {
    readonly dataset: Dataset;
    readonly sink: ItemSink;
    /** Of what items are tried with here. */
    readonly fingerprint: string;
    /** Behind so many items of the dataset what is sent now will be, at the earliest. */
    readonly position: number;
    /** Whether the item would pass; sends nothing. */
    passes(item: unknown): boolean;
    /**
     * Sends the items in order. Resolves, with what became of each, when they are stored or in quarantine; the record of one
     * that failed says `record`. @throws DeliveryError, QuarantineError: some may be stored all the same
     */
    pushAll(items: readonly ReturningItem[]): Promise<Fate[]>;
}

/** An item from the quarantine, and what its record says if it fails again. */
export interface ReturningItem {
    item: unknown;
    record: Partial<QuarantineRecord>;
}

/** `trimmed`: held back by the user's pay-per-event budget. */
export type Fate = 'stored' | 'returned' | 'trimmed';

/** Opens a guard on `dataset`. @throws SchemaLoadError */
export async function openTarget(dataset: Dataset, parts: TargetParts): Promise<Target> {
    const { options, internal, log, quarantineStore, transformHash } = parts;
    const clock = createClock();
    const sink = createItemSink(dataset, internal);
    const schemas = new SchemaKeeper(
        { option: options.schema, target: { kind: isDefaultDataset(dataset) ? 'default' : 'other' } },
        { sources: createSchemaSources(dataset), log, now: clock.now },
    );
    const schema = await schemas.find();
    const pipeline = new Pipeline({
        removeSecrets: createSecretRemover(readOwnSecrets(process.env)),
        options,
        sink,
        quarantineStore,
        origin: {
            datasetId: sink.datasetId,
            ...(sink.datasetName && { datasetName: sink.datasetName }),
            ...readRunIdentity(),
        },
        schema,
        refreshSchema: async () => schemas.refresh(),
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
        fingerprint: fingerprintOf(schema?.hash, transformHash),
        get position() {
            return pipeline.position;
        },
        passes: (item) => pipeline.prepare(item, 0).rejection === undefined,
        pushAll: async (items) => pushAll(pusher, items),
    };
}

/** Each item is a call of its own, with a record of its own, and all share requests. */
async function pushAll(pusher: Pusher, items: readonly ReturningItem[]): Promise<Fate[]> {
    const calls = items.map(async ({ item, record }) => pusher.push([item], { ack: 'stored', record }));
    // All of them, also when one fails: what is still under way must not be taken for missing.
    await Promise.allSettled(calls);
    const results = await Promise.all(calls);
    return results.map(({ acceptedItems, quarantinedItems }) =>
        acceptedItems > 0 ? 'stored' : quarantinedItems > 0 ? 'returned' : 'trimmed',
    );
}
