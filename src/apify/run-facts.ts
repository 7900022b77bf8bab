import type { Dataset } from 'apify';

import type { StorageTarget } from '../options.js';
import { readActorVariable, readRunIdentity } from './environment.js';
import { apiClientOf } from './item-sink.js';
import { CONSOLE_URL } from './run-store.js';
import { isDefaultDataset } from './storages.js';

/** A fact of the run that wrote a report, and the address that it leads to. */
export interface RunFact {
    name: string;
    value: string;
    url?: string;
}

/** The run and its storages, with their pages in the Console where they are on the platform. */
export function runFacts(
    dataset: Dataset,
    quarantine: StorageTarget,
    openedQuarantineId: string | undefined,
    actorName: string | undefined,
): RunFact[] {
    const { actorId, actorRunId } = readRunIdentity();
    const isOnPlatform = apiClientOf(dataset) !== undefined;
    const page = (path: string) => (isOnPlatform ? { url: `${CONSOLE_URL}/${path}` } : {});
    const buildNumber = readActorVariable('BUILD_NUMBER');
    return [
        ...(actorId && actorRunId
            ? [{ name: 'Run', value: actorRunId, ...page(`actors/${actorId}/runs/${actorRunId}`) }]
            : []),
        ...(actorName ? [{ name: 'Actor', value: actorName, ...(actorId ? page(`actors/${actorId}`) : {}) }] : []),
        ...(buildNumber ? [{ name: 'Build', value: buildNumber }] : []),
        { name: 'Dataset', value: dataset.name ?? dataset.id, ...page(`storage/datasets/${dataset.id}`) },
        {
            name: 'Quarantine',
            value: nameOfTarget(quarantine),
            ...(openedQuarantineId === undefined ? {} : page(`storage/datasets/${openedQuarantineId}`)),
        },
    ];
}

/** The page in the Console of the dataset with this id; undefined where `neighbor`, and so the dataset, is not on the platform. */
export function datasetPage(id: string, neighbor: Dataset): string | undefined {
    return apiClientOf(neighbor) && `${CONSOLE_URL}/storage/datasets/${id}`;
}

/**
 * Suffix that tells the records of this guard from those of others; empty for that of the run's default dataset. `place` is more
 * than 1 where another open guard has the same dataset.
 */
export function reportKeySuffix(dataset: Dataset, target: StorageTarget | Dataset | undefined, place: number): string {
    const number = place > 1 ? `(${place})` : '';
    if (isDefaultDataset(dataset)) return number;
    const alias = typeof target === 'object' && 'alias' in target ? target.alias : undefined;
    // Neither a dot nor a bracket is left in the name, so that it cannot be taken for another key.
    return `.${(alias ?? dataset.name ?? dataset.id).replace(/[^a-zA-Z0-9]+/g, '-').slice(0, 63)}${number}`;
}

/** The name, id or alias by which a storage is named. */
export function nameOfTarget(target: StorageTarget): string {
    return typeof target === 'string' ? target : Object.values(target)[0]!;
}
