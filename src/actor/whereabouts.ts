import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Actor } from 'apify';

import type { Whereabouts } from './summary.js';

const ACTOR_FILE = new URL('../../.actor/actor.json', import.meta.url);
const CONSOLE_DATASETS = 'https://console.apify.com/storage/datasets';

/** The guard's default name for the quarantine: owner and Actor on the platform, the Actor alone elsewhere. */
export async function quarantineName(): Promise<string> {
    const actor =
        process.env.ACTOR_FULL_NAME || (JSON.parse(await readFile(ACTOR_FILE, 'utf8')) as { name: string }).name;
    return `${actor.replace(/[^a-zA-Z0-9]+/g, '-')}-quarantine`;
}

/** Folders on a laptop, the Console's pages on the platform. */
export function whereabouts(quarantine: string): Whereabouts {
    const dataset = Actor.config.get('defaultDatasetId') ?? 'default';
    if (Actor.isAtHome()) {
        return {
            dataset: `dataset ${dataset}, ${CONSOLE_DATASETS}/${dataset}`,
            quarantine: `dataset "${quarantine}", among the named ones of ${CONSOLE_DATASETS}`,
        };
    }
    const folder = join(process.env.CRAWLEE_STORAGE_DIR ?? 'storage', 'datasets');
    return {
        dataset: `dataset "${dataset}", ${join(folder, dataset)}`,
        quarantine: `dataset "${quarantine}", ${join(folder, quarantine)}`,
    };
}
