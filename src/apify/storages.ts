import type { Dataset } from 'apify';
import { Actor } from 'apify';

import type { StorageTarget } from '../options.js';

/** Dataset and store names: letters, digits and hyphens, not at an end, at most 63. Source: the platform's storage guide. */
const MAX_NAME_LENGTH = 63;

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

/** `<owner>-<actor>-quarantine` from `owner/actor`; without an owner on a laptop. */
export function quarantineName(actorName: string | undefined): string {
    return suffixed(actorName ?? 'actor', '-quarantine');
}

/** A storage name made of `base` and `suffix`, cut so that the suffix stays whole. */
export function suffixed(base: string, suffix: string): string {
    const cut = base.replace(/[^a-zA-Z0-9]+/g, '-').slice(0, MAX_NAME_LENGTH - suffix.length);
    return `${cut.replace(/^-+|-+$/g, '') || 'actor'}${suffix}`;
}
