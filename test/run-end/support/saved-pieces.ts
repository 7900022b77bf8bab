import type { Place } from './places.js';

const PIECE = 'DATASET-GUARD-UNSENT-';
const HEAD = 'DATASET-GUARD-STATE-';

interface Head {
    key: string;
    replaces: string[];
    parts: { key: string }[][];
    outdated?: string[];
}

async function readHeads(place: Place): Promise<Head[]> {
    const records = [...(await place.records())].filter(([key]) => key.startsWith(HEAD));
    return records.map(([key, text]) => ({ key, ...JSON.parse(text) }));
}

/** Keys of the records that hold saved items, in order. Others may be left where a process had no time to remove them. */
export async function savedPieces(place: Place): Promise<string[]> {
    const heads = await readHeads(place);
    const replaced = heads.flatMap(({ replaces }) => replaces);
    const valid = heads.filter(({ key }) => !replaced.includes(key));
    return valid.flatMap(({ parts }) => parts.flat().map(({ key }) => key));
}

/** Keys of records of items that no start of the run would remove: none once all is stored. */
export async function keptPieces(place: Place): Promise<string[]> {
    const outdated = (await readHeads(place)).flatMap((head) => head.outdated ?? []);
    const keys = [...(await place.records()).keys()].filter((key) => key.startsWith(PIECE));
    return keys.filter((key) => !outdated.includes(key));
}
