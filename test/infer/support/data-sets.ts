import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { loadCompatEntries } from '../../../bench/speed/shapes/mdn.js';
import { openSource } from '../../../src/sources/open-source.js';

type Item = Record<string, unknown>;

const FOLDER = fileURLToPath(new URL('../data/', import.meta.resolve('vega-datasets')));
/** JSON that is one value, or a list of numbers. */
const NO_LISTS = [
    'annual-precip.json',
    'earthquakes.json',
    'londonBoroughs.json',
    'londonTubeLines.json',
    'miserables.json',
    'us-10m.json',
    'volcano.json',
    'world-110m.json',
];

/** The files of vega-datasets that hold a list of objects. */
export const VEGA_LISTS = readdirSync(FOLDER).filter(
    (name) => /\.(json|csv|tsv)$/.test(name) && !NO_LISTS.includes(name),
);

/** The items of a file, read as the commands read them. */
export async function loadVega(name: string): Promise<Item[]> {
    const places = { storageDir: 'storage', hasToken: false, openRemote: async () => undefined };
    const source = await openSource(join(FOLDER, name), places);
    const items: Item[] = [];
    for await (const item of source.items()) items.push(item as Item);
    return items;
}

export { loadCompatEntries };
