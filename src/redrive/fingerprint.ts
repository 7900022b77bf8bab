import { createHash } from 'node:crypto';

import { canonicalJson } from '../delivery/canonical-json.js';

/** Names the schema and the transform: an item that failed with the same ones would fail again. */
export function fingerprintOf(schemaHash: string | undefined, transformHash: string | undefined): string {
    return hash(JSON.stringify([schemaHash ?? null, transformHash ?? null]));
}

/** Tells items apart: the same for any order of properties and any way to write a number. */
export function hashOfItem(item: unknown): string {
    return hash(canonicalJson(item));
}

export function hash(text: string): string {
    return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
