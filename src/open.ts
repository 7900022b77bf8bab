import { isMainThread } from 'node:worker_threads';

import type { Dataset } from 'apify';

import { createCharging } from './apify/charging.js';
import {
    createLog,
    INTERNAL_DEFAULTS,
    readActorFullName,
    readRecordOrigin,
    readRunIdentity,
} from './apify/environment.js';
import { createItemSink, isInitialized } from './apify/item-sink.js';
import { watchLifecycle } from './apify/lifecycle.js';
import { findPeerProblems } from './apify/peers.js';
import type { RunOutcome } from './apify/run-outcome.js';
import { reportOutcome } from './apify/run-outcome.js';
import { checkQuarantine } from './apify/quarantine-target.js';
import { createQuarantineStore } from './apify/quarantine-store.js';
import { datasetPage, nameOfTarget, reportKeySuffix, runFacts } from './apify/run-facts.js';
import { createRunStore } from './apify/run-store.js';
import { createSchemaSources } from './apify/schema-sources.js';
import { isDefaultDataset, openDataset } from './apify/storages.js';
import { createSyncRunStore, createSyncStorage, openSyncQuarantine } from './apify/sync-storages.js';
import { CollectedPages } from './crawlee/collected-pages.js';
import { DatasetGuardError } from './errors.js';
import type { DatasetGuardOptions, ResolvedOptions } from './options.js';
import { resolveOptions } from './resolve-options.js';
import { Pipeline } from './pipeline/pipeline.js';
import { Pusher } from './pipeline/push.js';
import type { InternalOptions, Log } from './ports.js';
import type { UsedSchema } from './quality/guard-report.js';
import type { ReasonDetails } from './quality/reasons.js';
import { schemaPathOf } from './quality/reasons.js';
import { RunReport } from './report/run-report.js';
import { onProcessEnd } from './run-end/process-end.js';
import { RunEnd } from './run-end/run-end.js';
import { SendAtExit } from './run-end/send-at-exit.js';
import { SavedKeys } from './run-end/saved-keys.js';
import { SnapshotStore } from './run-end/snapshot-store.js';
import { StateSaver } from './run-end/state-saver.js';
import { takeOver } from './run-end/take-over.js';
import { readLocalDefinition } from './schema/definition.js';
import type { DiscoveredSchema, SchemaTarget } from './schema/discover.js';
import { SchemaKeeper } from './schema/schema-keeper.js';
import { createClock } from './utils/clock.js';
import type { SecretRemover } from './utils/secrets.js';
import { createSecretRemover, readOwnSecrets } from './utils/secrets.js';
import { quarantineName } from './utils/storage-name.js';
import { escapeControls } from './utils/text.js';

export type GuardParts = Awaited<ReturnType<typeof openParts>>;

const NOT_INITIALIZED =
    'DatasetGuard.open() was called before Actor.init(), which connects the run to its storages. Call Actor.init() first.';

/** Puts a guard's parts together: the pipeline on one side, the SDK on the other. */
export async function openParts(
    given: DatasetGuardOptions<any> | undefined,
    internalGiven: Partial<InternalOptions> = {},
) {
    const asGiven = resolveOptions(given);
    const internal = { ...INTERNAL_DEFAULTS, ...internalGiven };
    const clock = createClock();
    const removeSecrets = createSecretRemover(readOwnSecrets(process.env));
    const log = safeLog(createLog(), removeSecrets);
    for (const problem of findPeerProblems()) log.warning(problem);
    const initialized = isInitialized();
    if (!initialized && process.env.APIFY_IS_AT_HOME) throw new DatasetGuardError('NOT_INITIALIZED', NOT_INITIALIZED);
    if (!initialized) log.warning(`${NOT_INITIALIZED} It works locally; on the platform it is an error.`);
    const dataset = await openDataset(asGiven.dataset);
    const sink = createItemSink(dataset, internal, asGiven.compression);
    // Locally waiting costs nothing, and what is stored cannot be lost. A worker thread is gone without a word when the main thread ends.
    const maySendLater = sink.isRemote && isMainThread;
    const options: ResolvedOptions = maySendLater ? asGiven : { ...asGiven, ack: 'stored' };
    const sources = createSchemaSources(dataset);
    const schemas = new SchemaKeeper(
        { option: options.schema, target: schemaTarget(options, isDefaultDataset(dataset)) },
        { sources, log, now: clock.now },
    );
    const schema = await schemas.find();
    const actor = await readActor(sources.cwd);
    const quarantine = options.quarantine ?? quarantineName(actor.name);
    checkQuarantine(quarantine, dataset, options.dataset);
    const quarantineStore = createQuarantineStore(
        quarantine,
        (opened: Dataset) => {
            pipeline.statistics.quarantineOpened(opened.id);
            return createItemSink(opened, internal, options.compression);
        },
        log,
    );
    const runStore = createRunStore();
    const origin = readRecordOrigin();
    const charging = createCharging(dataset.id, initialized);
    // Set below. What is restored before that is looked for in the dataset before it is sent.
    let saver: StateSaver | undefined;
    const pipeline = await Pipeline.open({
        options,
        sink,
        quarantineStore,
        origin: {
            datasetId: sink.datasetId,
            ...(sink.datasetName && { datasetName: sink.datasetName }),
            ...origin,
        },
        platformRunId: readRunIdentity().actorRunId,
        schema,
        refreshSchema: async () => schemas.refresh(),
        // A policy repairs an item in the same way in the next process, which finds it so. A function may not.
        onRepaired: async () => {
            if (options.repair?.some((step) => typeof step === 'function')) await saver?.saveRepaired();
        },
        // A user who sets the option wants the order, and a charged push counts what is stored before the next one begins.
        mayPassSlowRequest: sink.isRemote && given?.maxParallelRequests === undefined && !charging.isActive,
        removeSecrets,
        clock,
        internal,
        log,
    });
    const snapshots = new SnapshotStore({
        store: runStore,
        datasetId: sink.stableId,
        runId: readRunIdentity().actorRunId,
        keys:
            pipeline.duplicates &&
            new SavedKeys({
                keys: pipeline.duplicates,
                position: () => pipeline.handover.unsettledFrom,
                sink,
                store: runStore,
                log,
            }),
        log,
    });
    await takeOver(snapshots, pipeline, internal.maxRestoreMillis, log);
    saver = new StateSaver(pipeline, snapshots, log);
    const pusher = new Pusher(pipeline, options, charging);
    const pages = new CollectedPages(pipeline, pusher);
    const keySuffix = reportKeySuffix(dataset, options.dataset, snapshots.slot);
    const quarantineOnCommandLine = () =>
        quarantineStore.opened?.name ?? quarantineStore.opened?.id ?? nameOfTarget(quarantine);
    const reports = new RunReport({
        statistics: pipeline.statistics,
        store: runStore,
        keySuffix,
        expectations: { expect: options.expect, isDefaultDataset: isDefaultDataset(dataset) },
        describe: () => ({
            datasetId: sink.datasetId,
            runId: origin.actorRunId,
            schema: usedSchema(schemas.used),
        }),
        describePage: () => {
            const { quarantineId } = pipeline.statistics;
            return {
                subject: actor.title ?? actor.name,
                quarantine: {
                    name: quarantineOnCommandLine(),
                    url: quarantineId === undefined ? undefined : datasetPage(quarantineId, dataset),
                },
                facts: runFacts(dataset, quarantine, quarantineId, actor.name),
            };
        },
        suggest: async (reasons) => suggestFor(schemas.used, reasons),
        clock,
        log,
    });
    const sendAtExit = new SendAtExit({
        pipeline,
        sink,
        snapshots,
        reports,
        takeCollected: () => [...pusher.takeUnentered(), ...pages.takeAll()],
        openStorage: () => createSyncStorage(dataset),
        openQuarantine: () => openSyncQuarantine(quarantine, quarantineStore.opened),
        openRunStore: createSyncRunStore,
        log,
    });
    const runEnd = new RunEnd({
        pipeline,
        pusher,
        collected: pages,
        snapshots,
        saver,
        reports,
        sendAtExit,
        clock,
        log,
    });
    const guardName = `${sink.stableId}${keySuffix}`;
    const stopWatching = watchLifecycle(runEnd, guardName);
    const stopListening = onProcessEnd((maxMillis, isBySignal) => runEnd.processEnd(maxMillis, isBySignal));
    /** The guard is closed: it lets go of events, signals and timers. */
    const letGo = () => {
        runEnd.stop();
        pipeline.stop();
        snapshots.release();
        void reports.close();
        stopWatching();
        stopListening();
    };
    /** The outcome of a closed guard counts when the run ends. */
    const tellOutcome = (outcome: RunOutcome) => reportOutcome(guardName, outcome);
    return { dataset, pipeline, pusher, pages, runEnd, reports, log, letGo, tellOutcome };
}

/** No secret in an error of the platform reaches the log, and nothing of others that has an effect on a terminal. */
function safeLog(log: Log, removeSecrets: SecretRemover): Log {
    const safe = (message: string) => escapeControls(removeSecrets(message));
    return {
        debug: (message, data) => log.debug(safe(message), data),
        info: (message, data) => log.info(safe(message), data),
        warning: (message, data) => log.warning(safe(message), data),
        error: (message, data) => log.error(safe(message), data),
    };
}

/** Loaded where it is needed: most runs have nothing to suggest. */
async function suggestFor({ schema }: DiscoveredSchema, reasons: readonly ReasonDetails[]) {
    if (schema === undefined) return [];
    const { suggestForSamples } = await import('./infer/suggest/from-samples.js');
    const sampled = reasons.map((reason) => ({ ...reason, schemaPath: schemaPathOf(reason) }));
    return suggestForSamples(schema.json, sampled);
}

function usedSchema({ schema, reason }: DiscoveredSchema): UsedSchema {
    return schema === undefined ? { none: reason } : { source: schema.source, hash: schema.hash };
}

function schemaTarget({ dataset }: ResolvedOptions, isDefault: boolean): SchemaTarget {
    if (isDefault) return { kind: 'default' };
    if (typeof dataset === 'object' && 'alias' in dataset) return { kind: 'alias', alias: dataset.alias };
    return { kind: 'other' };
}

/** `owner/actor` on the platform, the name in `actor.json` locally; the title where the definition is on disk. */
async function readActor(cwd: string): Promise<{ name?: string | undefined; title?: string | undefined }> {
    const definition = await readLocalDefinition(cwd).catch(() => undefined);
    const { title } = definition?.content ?? {};
    return {
        name: readActorFullName() ?? definition?.name,
        ...(typeof title === 'string' && title.trim() !== '' && { title }),
    };
}
