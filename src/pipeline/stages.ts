import { setMaxListeners } from 'node:events';

import { Delivery } from '../delivery/delivery.js';
import { PayloadPool } from '../delivery/payload.js';
import { RequestSender } from '../delivery/retry.js';
import type { ResolvedOptions } from '../options.js';
import type { InternalOptions, ItemSchema, ItemSink, Log, QuarantineStore } from '../ports.js';
import type { Dictionary } from '../records.js';
import { expectedPaths } from '../quality/expectations.js';
import { Redactor } from '../quality/redact.js';
import { Quarantine } from '../quarantine/quarantine.js';
import type { RecordOrigin } from '../quarantine/record.js';
import { RecordWriter } from '../quarantine/record-writer.js';
import { CallbackErrors } from '../report/callback-errors.js';
import { Statistics } from '../report/statistics.js';
import type { Clock } from '../utils/clock.js';
import type { SecretRemover } from '../utils/secrets.js';
import { nameFrom } from '../utils/user-code.js';
import { BatchScheduler } from './batch-scheduler.js';
import { ItemBuffer } from './buffer.js';
import { Duplicates } from './duplicates.js';
import { Handover } from './handover.js';
import type { OnRepaired } from './platform-repair.js';
import { PlatformRepair } from './platform-repair.js';
import { ItemPreparer } from './prepare.js';
import { RejectedItems } from './rejected-items.js';
import { Repairer } from './repair/repairer.js';
import { BatchSettler } from './settle.js';
import { StoredItems } from './stored-items.js';

/** Measured: payloads of 1 to 2 MB cost least CPU an item, see docs/performance.md. `maxPayloadBytes` stays the limit. */
const TARGET_PAYLOAD_BYTES = 2_000_000;

export interface PipelineOptions {
    options: ResolvedOptions;
    sink: ItemSink;
    quarantineStore: QuarantineStore;
    /** The fields that all quarantine records of this run share. */
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

export type PipelineStages = Awaited<ReturnType<typeof createStages>>;

/** Makes the stages of an item's way and connects them. The repairer has the schema before the first item comes. */
export async function createStages({
    options,
    sink,
    schema,
    clock,
    log,
    internal,
    removeSecrets,
    ...given
}: PipelineOptions) {
    const stop = new AbortController();
    const { signal } = stop;
    // Each wait listens to it: Node would warn from the eleventh on.
    setMaxListeners(0, signal);
    const callbackErrors = new CallbackErrors(log, removeSecrets);
    const repairer =
        options.repair &&
        new Repairer(options.repair, (error) => callbackErrors.add('repair', error, 'The item counts as not repaired'));
    await repairer?.useSchema(schema?.json);
    const { maxItems, maxRatio } = options.tolerance;
    // Undefined where no rejection can exceed it.
    const tolerance = maxItems < Infinity || maxRatio < 1 ? options.tolerance : undefined;
    const redactor = new Redactor(options.redact, (error) =>
        callbackErrors.add('redact', error, 'Nothing of the item is shown', true),
    );
    const { samples, identify } = options;
    const statistics = new Statistics(() => clock.now(), samples, {
        removeSecrets,
        schema: schema?.json,
        paths: expectedPaths(options.expect),
        ...(redactor.isActive && { redact: (item) => redactor.apply(item) }),
        ...(identify && {
            identify: (item) => {
                try {
                    return nameFrom(identify(item as Dictionary), 'identify');
                } catch (error) {
                    callbackErrors.add('identify', error, 'Samples go without the name of the item');
                    return undefined;
                }
            },
        }),
    });
    const { counters } = statistics;
    const payloads = new PayloadPool(options.maxPayloadBytes);
    const buffer: ItemBuffer = new ItemBuffer({
        maxBufferedBytes: options.maxBufferedBytes,
        targetPayloadBytes: TARGET_PAYLOAD_BYTES,
        payloads,
        onChange: () => scheduler.schedule(),
    });
    const quarantine = new Quarantine({
        options,
        redactor,
        writer: new RecordWriter({ store: given.quarantineStore, clock, internal, log, signal }),
        store: given.quarantineStore,
        origin: { ...given.origin, ...(schema && { schemaHash: schema.hash }) },
        counters,
        callbackErrors,
        clock,
        log,
    });
    const rejectedItems = new RejectedItems({ statistics, quarantine, redactor, removeSecrets, log });
    const duplicates =
        options.unique &&
        new Duplicates(options.unique, options, {
            // Locally a run has no id that its next process would know.
            seed: (sink.isRemote ? given.platformRunId : undefined) ?? sink.stableId,
            buffer,
            statistics,
            redactor,
            rejectedItems,
            log,
        });
    const preparer = new ItemPreparer(options.mode, schema, repairer, statistics.fields, duplicates);
    const storedItems = new StoredItems({ statistics, redactor, preparer, log });
    const sender = new RequestSender({
        sink,
        clock,
        internal,
        counters,
        log,
        signal,
        onSlow: () => scheduler.slowRequest(),
    });
    const delivery = new Delivery({
        sender,
        maxRetries: internal.maxRetries,
        isInvalid: (itemText) => preparer.isInvalid(itemText),
        onTooLarge: (byteLength) => {
            log.warning(`A request of ${byteLength} bytes is too large for the platform; smaller ones from now on.`);
            payloads.lowerLimit(Math.ceil(byteLength / 2));
        },
    });
    const platformRepair = repairer && new PlatformRepair(repairer, delivery, duplicates, given.onRepaired);
    const settler = new BatchSettler({
        delivery,
        sender,
        buffer,
        preparer,
        statistics,
        quarantine,
        storedItems,
        rejectedItems,
        platformRepair,
        duplicates,
        refreshSchema: given.refreshSchema,
    });
    const scheduler: BatchScheduler = new BatchScheduler({
        buffer,
        clock,
        flushIntervalMillis: options.flushIntervalMillis,
        maxParallelRequests: options.maxParallelRequests,
        sink,
        mayPassSlowRequest: given.mayPassSlowRequest,
        delivery,
        firstRetryDelayMillis: internal.firstRetryDelayMillis,
        settler,
        log,
    });
    const handover = new Handover({ buffer, duplicates, storedItems, quarantine, sender, counters, clock });
    return {
        statistics,
        callbackErrors,
        tolerance,
        preparer,
        rejectedItems,
        duplicates,
        buffer,
        scheduler,
        settler,
        sender,
        delivery,
        platformRepair,
        quarantine,
        handover,
        /** Aborts all waiting and sending. */
        stop,
    };
}
