import { createCharging } from './apify/charging.js';
import { createLog, readActorFullName, readRunIdentity, systemClock } from './apify/environment.js';
import { createItemSink, isInitialized } from './apify/item-sink.js';
import { watchLifecycle } from './apify/lifecycle.js';
import { createSchemaSources } from './apify/schema-sources.js';
import { createQuarantineStore, isDefaultDataset, openDataset, quarantineName } from './apify/storages.js';
import { DatasetGuardError } from './errors.js';
import { ItemFlow } from './item-flow.js';
import type { DatasetGuardOptions, ResolvedOptions } from './options.js';
import { resolveOptions } from './options.js';
import { Pusher } from './pusher.js';
import { readLocalDefinition } from './schema/definition.js';
import type { SchemaTarget } from './schema/discover.js';
import { discoverSchema } from './schema/discover.js';

/** Puts a guard's parts together: the pipeline on one side, the SDK on the other. */
export async function openParts(given: DatasetGuardOptions<any> | undefined) {
    const options = resolveOptions(given);
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
    const target = schemaTarget(options, isDefaultDataset(dataset));
    const { schema } = await discoverSchema({ option: options.schema, target }, sources, log);
    const sink = createItemSink(dataset);
    const flow = new ItemFlow({
        options,
        sink,
        quarantineStore: createQuarantineStore(options.quarantine ?? quarantineName(await actorName(sources.cwd))),
        origin: {
            datasetId: sink.datasetId,
            ...(sink.datasetName && { datasetName: sink.datasetName }),
            ...readRunIdentity(),
        },
        schema,
        clock: systemClock,
        log,
    });
    const pusher = new Pusher(flow, options, createCharging(dataset.id, initialized));
    return { flow, pusher, options, log, watch: watchLifecycle };
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
