import type { Configuration, Dataset } from 'apify';
import { Actor } from 'apify';

import type { StorageTarget } from '../options.js';

/** Opens the dataset that items go to. */
export async function openDataset(target: StorageTarget | Dataset | undefined): Promise<Dataset> {
    if (typeof target === 'object' && 'pushData' in target) return target;
    return Actor.openDataset(target ?? null);
}

/** Whether it is the dataset of this run that nobody named. */
export function isDefaultDataset(dataset: Dataset): boolean {
    const defaultId = Actor.config.get('defaultDatasetId');
    // A local default dataset has an id of its own; its name is what the configuration calls an id.
    return dataset.id === defaultId || dataset.name === defaultId;
}

/** Whether a push of this crawler that names this dataset, or none, goes to `dataset`. */
export function takes(dataset: Dataset, idOrName: string | undefined, crawler: unknown): boolean {
    const pushedTo = idOrName ?? configOf(crawler).get('defaultDatasetId');
    // A local default dataset has an id of its own; its name is what the configuration calls an id.
    return (pushedTo === dataset.id || pushedTo === dataset.name) && isWithinReach(dataset, crawler);
}

/** Whether this crawler can push to `dataset`: without naming it where it is the run's default dataset. */
export function canReach(dataset: Dataset, crawler: unknown): boolean {
    return isDefaultDataset(dataset) ? takes(dataset, undefined, crawler) : isWithinReach(dataset, crawler);
}

function isWithinReach(dataset: Dataset, crawler: unknown): boolean {
    return isStoredWith(dataset.client as LocalClient, configOf(crawler).getStorageClient() as LocalStorage);
}

function configOf(crawler: unknown): Configuration {
    return (crawler as { config?: Configuration }).config ?? Actor.config;
}

/**
 * Whether two open datasets are one. A crawler with a `Configuration` of its own has another object for it; locally
 * even another id, so that there the folder counts.
 */
export function isSameDataset(a: Dataset, b: Dataset): boolean {
    if (a === b) return true;
    const [clientA, clientB] = [a.client, b.client] as LocalClient[];
    const isLocal = clientA!.datasetDirectory !== undefined || clientB!.datasetDirectory !== undefined;
    if (!isLocal) return a.id === b.id;
    const areOnDisk = clientA!.client?.persistStorage === true && clientB!.client?.persistStorage === true;
    return areOnDisk ? clientA!.datasetDirectory === clientB!.datasetDirectory : a.id === b.id;
}

/** Whether what a configuration's storage client opens by the dataset's id or name is that dataset. */
function isStoredWith(dataset: LocalClient, storage: LocalStorage): boolean {
    const own = dataset.client;
    if (own?.datasetsDirectory === undefined) return storage.datasetsDirectory === undefined;
    if (own === storage) return true;
    return (
        own.persistStorage === true &&
        storage.persistStorage === true &&
        own.datasetsDirectory === storage.datasetsDirectory
    );
}

/** As far as the memory storage shows where it writes. */
interface LocalStorage {
    datasetsDirectory?: string;
    persistStorage?: boolean;
}

interface LocalClient {
    datasetDirectory?: string;
    client?: LocalStorage;
}
