import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { openFolder } from './folder.js';
import { parseItems } from './format.js';
import type { Source } from './source.js';
import { SourceError } from './source.js';
import { readStandardInput, readTextFile } from './text.js';

/** Where sources are looked for besides the paths of this machine. */
export interface SourcePlaces {
    /** The folder of the local storage. */
    storageDir: string;
    /** Opens a dataset on the platform by id or name; `undefined` where there is none, or no token to look with. */
    openRemote(idOrName: string): Promise<Source | undefined>;
    /** Whether there is a token. */
    hasToken: boolean;
}

/**
 * Opens what a person names: `-`, a file, a folder, the name of a dataset in the local storage, or the id or name of one
 * on the platform. What lies on this machine comes first. @throws SourceError
 */
export async function openSource(named: string, places: SourcePlaces): Promise<Source> {
    if (named === '-') return textSource(readStandardInput(), 'standard input');
    const path = (await kindOf(named)) === undefined ? join(places.storageDir, 'datasets', named) : named;
    const kind = await kindOf(path);
    if (kind === 'file') return textSource(await readTextFile(path), path, path);
    if (kind === 'folder') return openFolder(path);
    const remote = await places.openRemote(named);
    if (remote !== undefined) return remote;
    throw new SourceError(
        named,
        'no such file, folder or local dataset' +
            (places.hasToken
                ? ', and no dataset of that id or name on the platform.'
                : '. For a dataset on the platform, set APIFY_TOKEN.'),
    );
}

function textSource(input: ReturnType<typeof readStandardInput>, name: string, path?: string): Source {
    let line: number | undefined;
    return {
        name,
        items: () =>
            parseItems(input, name, path, (lineNumber) => {
                line = lineNumber;
            }),
        place: () => (line === undefined ? undefined : `line ${line}`),
        progress: input.progress,
    };
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return undefined;
    return found.isDirectory() ? 'folder' : 'file';
}
