import type { Dataset } from 'apify';
import { Actor } from 'apify';

import { InvalidOptionsError } from '../errors.js';
import type { StorageTarget } from '../options.js';
import { isStorageName } from '../utils/storage-name.js';
import { isDefaultDataset } from './storages.js';

/**
 * Checks where rejected items are to go, before there are any.
 * @throws InvalidOptionsError where that is the dataset itself, whose items a redrive would then read, or where the platform
 * refuses the name, which the local storage takes
 */
export function checkQuarantine(
    quarantine: StorageTarget,
    dataset: Dataset,
    datasetTarget: StorageTarget | Dataset | undefined,
): void {
    const [key, value] =
        typeof quarantine === 'string' ? ['', quarantine] : (Object.entries<string>(quarantine)[0] ?? ['', '']);
    // A user who may write to another user's dataset names its owner, too.
    const name = key === 'name' ? value : value.replace(/^[a-z0-9][\w.-]*[/~]/i, '');
    if (key !== 'alias' && !isStorageName(name)) {
        throw new InvalidOptionsError(
            'quarantine',
            `Option "quarantine" must be a name that the platform allows (at most 63 letters, digits and hyphens, no hyphen at an end), but got: ${JSON.stringify(value)}.`,
        );
    }
    const isSame =
        key === 'alias'
            ? aliasesOf(dataset, datasetTarget).includes(value)
            : namesOf(dataset).includes(value.toLowerCase());
    if (!isSame) return;
    throw new InvalidOptionsError(
        'quarantine',
        `Option "quarantine" is ${JSON.stringify(value)}, the dataset that the items go to. Rejected items need a dataset of their own: name another one.`,
    );
}

/** By which the dataset is opened; names do not differ in case alone. */
function namesOf(dataset: Dataset): string[] {
    const { id, name } = dataset;
    const defaultId = isDefaultDataset(dataset) ? Actor.config.get('defaultDatasetId') : undefined;
    return [id, name, defaultId].flatMap((each) => each?.toLowerCase() ?? []);
}

function aliasesOf(dataset: Dataset, target: StorageTarget | Dataset | undefined): string[] {
    const own = typeof target === 'object' && 'alias' in target ? [target.alias] : [];
    const { datasets = {} } = JSON.parse(process.env.ACTOR_STORAGES_JSON || '{}') as {
        datasets?: Record<string, string>;
    };
    const declared = Object.keys(datasets).filter((alias) => datasets[alias] === dataset.id);
    return [...own, ...declared, ...(isDefaultDataset(dataset) ? ['default'] : [])];
}
