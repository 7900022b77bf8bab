import type { Dataset } from 'apify';

import { readActorVariable } from './environment.js';
import { apiClientOf } from './item-sink.js';

/** Where a dataset's schema can be read: the dataset object, the run's build, and the folder that the Actor runs in. */
export function createSchemaSources(dataset: Dataset) {
    const client = apiClientOf(dataset);
    const buildId = readActorVariable('BUILD_ID');
    const buildNumber = readActorVariable('BUILD_NUMBER');
    return {
        isAtHome: client !== undefined,
        cwd: process.cwd(),
        datasetId: dataset.id,
        ...(buildNumber && { buildNumber }),
        /** `schema` of `GET /v2/datasets/:id`, which is what the platform enforces. */
        async readDatasetSchema(): Promise<{ found: true; schema: unknown } | { found: false }> {
            const info = await client?.dataset(dataset.id).get();
            return info !== undefined && 'schema' in info ? { found: true, schema: info.schema } : { found: false };
        },
        /** `actorDefinition` of `GET /v2/actor-builds/:id`. */
        async readBuildDefinition(): Promise<unknown> {
            if (client === undefined || buildId === undefined) return undefined;
            return (await client.build(buildId).get())?.actorDefinition;
        },
    };
}
