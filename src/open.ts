import type { Dataset } from 'apify';

import { createCharging } from './apify/charging.js';
import { createClock, createLog, readActorFullName, readRunIdentity, TUNING } from './apify/environment.js';
import { createItemSink, isInitialized } from './apify/item-sink.js';
import { watchLifecycle } from './apify/lifecycle.js';
import { createQuarantineStore } from './apify/quarantine-store.js';
import { reportKeySuffix, runFacts } from './apify/run-facts.js';
import { createRunStore } from './apify/run-store.js';
import { createSchemaSources } from './apify/schema-sources.js';
import { isDefaultDataset, openDataset, quarantineName } from './apify/storages.js';
import { CarryOver } from './run/carry-over.js';
import { MovableDeadline } from './run/deadline.js';
import { DatasetGuardError } from './errors.js';
import { ItemFlow } from './flow/item-flow.js';
import type { DatasetGuardOptions, ResolvedOptions } from './options.js';
import { resolveOptions } from './options.js';
import type { Log, Tuning } from './ports.js';
import { Pusher } from './push/pusher.js';
import type { UsedSchema } from './report/page.js';
import { RunReport } from './report/run-report.js';
import { readLocalDefinition } from './schema/definition.js';
import type { DiscoveredSchema, SchemaTarget } from './schema/discover.js';
import { SchemaKeeper } from './schema/schema-keeper.js';

export type GuardParts = Awaited<ReturnType<typeof openParts>>;

/** Puts a guard's parts together: the pipeline on one side, the SDK on the other. */
export async function openParts(given: DatasetGuardOptions<any> | undefined, tuned: Partial<Tuning> = {}) {
    const options = resolveOptions(given);
    const tuning = { ...TUNING, ...tuned };
    const clock = createClock();
    const log = createLog();
    const initialized = isInitialized();
    if (!initialized && process.env.APIFY_IS_AT_HOME) {
        throw new DatasetGuardError(
            'NOT_INITIALIZED',
            'DatasetGuard.open() was called before Actor.init(), which connects the run to its storages. Call Actor.init() first.',
        );
    }
    const dataset = await openDataset(options.dataset);
    const sources = createSchemaSources(dataset);
    const schemas = new SchemaKeeper(
        { option: options.schema, target: schemaTarget(options, isDefaultDataset(dataset)) },
        { sources, log, now: clock.now },
    );
    const schema = await schemas.find();
    const actor = await actorName(sources.cwd);
    const quarantine = options.quarantine ?? quarantineName(actor);
    const toSink = (opened: Dataset) => createItemSink(opened, tuning, options.compression);
    const quarantineStore = createQuarantineStore(quarantine, toSink, log);
    const runStore = createRunStore();
    const sink = toSink(dataset);
    const identity = readRunIdentity();
    const deadline = new MovableDeadline(clock);
    /** When the process may be gone; that for sending is before it. */
    const exitDeadline = new MovableDeadline(clock);
    const flow = new ItemFlow({
        options,
        sink,
        quarantineStore,
        origin: {
            datasetId: sink.datasetId,
            ...(sink.datasetName && { datasetName: sink.datasetName }),
            ...identity,
        },
        schema,
        refreshSchema: async () => schemas.refresh(),
        clock,
        deadline,
        tuning,
        log,
    });
    const carryOver = new CarryOver({
        datasetId: sink.datasetId,
        runId: identity.actorRunId,
        store: runStore,
        flow,
        now: clock.now,
        log,
    });
    await restore(carryOver, log);
    const pusher = new Pusher(flow, options, createCharging(dataset.id, initialized));
    const reports = new RunReport({
        statistics: flow.statistics,
        store: runStore,
        keySuffix: reportKeySuffix(dataset, options.dataset, carryOver.place),
        describe: () => ({
            subject: actor,
            schema: usedSchema(schemas.used),
            facts: runFacts(dataset, quarantine, quarantineStore.openedId),
        }),
        clock,
        deadline: exitDeadline,
        log,
    });
    return {
        dataset,
        flow,
        pusher,
        carryOver,
        reports,
        deadline,
        exitDeadline,
        clock,
        options,
        log,
        watch: watchLifecycle,
    };
}

/** What cannot be read now stays where it is. */
async function restore(carryOver: CarryOver, log: Log): Promise<void> {
    try {
        await carryOver.restore();
    } catch (error) {
        log.error(`What an earlier process of this run may have saved cannot be read: ${(error as Error).message}`);
    }
}

function usedSchema({ schema, reason }: DiscoveredSchema): UsedSchema {
    return schema === undefined ? { reason } : { source: schema.source, hash: schema.hash };
}

function schemaTarget({ dataset }: ResolvedOptions, isDefault: boolean): SchemaTarget {
    if (isDefault) return { kind: 'default' };
    if (typeof dataset === 'object' && 'alias' in dataset) return { kind: 'alias', alias: dataset.alias };
    return { kind: 'other' };
}

/** `owner/actor` on the platform; the name in `actor.json` on a laptop. */
async function actorName(cwd: string): Promise<string | undefined> {
    return readActorFullName() ?? (await readLocalDefinition(cwd).catch(() => undefined))?.name;
}
