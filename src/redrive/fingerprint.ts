import { createHash } from 'node:crypto';

import { canonicalJson } from '../delivery/canonical-json.js';
import type { RepairStep } from '../pipeline/repair/options.js';

/** Names the schema, the transform and the repair: an item that failed with the same ones would fail again. */
export function fingerprintOf(
    schemaHash: string | undefined,
    transformHash: string | undefined,
    repair: readonly RepairStep[] | undefined,
): string {
    const names = [schemaHash ?? null, transformHash ?? null];
    const steps = repair?.map((step) => (typeof step === 'function' ? step.toString() : Object.entries(step).sort()));
    return hash(JSON.stringify(steps === undefined ? names : [...names, steps]));
}

/** Tells items apart: the same for any order of properties and any way to write a number. */
export function hashOfItem(item: unknown): string {
    return hash(canonicalJson(item));
}

export function hash(text: string): string {
    return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
