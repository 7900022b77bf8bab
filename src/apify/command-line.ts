import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { Actor, log } from 'apify';

import { createRemoteClient } from './remote-storages.js';
import { quarantineName } from '../utils/storage-name.js';

/**
 * Makes the SDK work for a command, outside of any run: with the local storage where the quarantine lies there, else with
 * the platform where there is a token. Nothing is purged and nothing is logged. `actorName` tells the quarantine that
 * nobody names. Returns its name or id, and where it is, in words.
 */
export async function useStoragesOf(
    named: string | undefined,
    actorName: string | undefined,
): Promise<{ idOrName: string; place: string }> {
    log.setLevel(log.LEVELS.OFF);
    Actor.config.set('purgeOnStart', false);
    const localName = named ?? quarantineName(actorName);
    const local = await findLocally(localName);
    const client = createRemoteClient();
    if (local === undefined && client !== undefined) {
        Actor.config.useStorageClient(client);
        const owner = named === undefined ? (await client.user('me').get()).username : undefined;
        return { idOrName: named ?? quarantineName(`${owner}/${actorName}`), place: 'on the platform' };
    }
    if (local?.storageFolder !== undefined) process.env.CRAWLEE_STORAGE_DIR = local.storageFolder;
    return { idOrName: local?.name ?? localName, place: `in ${process.env.CRAWLEE_STORAGE_DIR || 'storage'}` };
}

/** A folder `…/datasets/<name>`, or the name of one in the local storage. */
async function findLocally(named: string): Promise<{ name: string; storageFolder?: string } | undefined> {
    const folder = resolve(named);
    if ((await isFolder(folder)) && basename(dirname(folder)) === 'datasets') {
        return { name: basename(folder), storageFolder: dirname(dirname(folder)) };
    }
    const storageFolder = process.env.CRAWLEE_STORAGE_DIR || 'storage';
    return (await isFolder(join(storageFolder, 'datasets', named))) ? { name: named } : undefined;
}

async function isFolder(path: string): Promise<boolean> {
    return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
