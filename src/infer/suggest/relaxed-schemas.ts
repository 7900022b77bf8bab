import type { ItemSchema, Log } from '../../ports.js';
import { SchemaLoadError } from '../../errors.js';
import type { Dictionary } from '../../records.js';
import { compileItemSchema } from '../../schema/compile.js';
import { applyPatch } from '../json-patch.js';
import { SchemaEdit } from './edits.js';
import type { Need } from './need.js';
import { keyOf } from './need.js';

/** A schema that accepts what was needed. */
export interface RelaxedSchema {
    readonly root: Dictionary;
    /** `undefined` where it accepts every item. */
    readonly schema: ItemSchema | undefined;
}

/** Each takes some milliseconds to compile, and some memory. */
const MAX_COMPILED = 500;

/** The schemas without what items fail, one for each set of needs. */
export class RelaxedSchemas {
    readonly #root: Dictionary;
    readonly #byNeeds = new Map<string, RelaxedSchema>();

    constructor(root: Dictionary) {
        this.#root = root;
    }

    /** `undefined` where there are too many already. */
    async for(needs: readonly Need[]): Promise<RelaxedSchema | undefined> {
        const key = needs.map(keyOf).sort().join('\n');
        const known = this.#byNeeds.get(key);
        if (known !== undefined || this.#byNeeds.size === MAX_COMPILED) return known;
        const root = needs.reduce(
            (schema, need) => applyPatch(schema, new SchemaEdit(need).relaxation(schema)),
            this.#root,
        );
        const relaxed = { root, schema: await compileSilently(root) };
        this.#byNeeds.set(key, relaxed);
        return relaxed;
    }
}

const SILENT: Log = {
    debug: () => undefined,
    info: () => undefined,
    warning: () => undefined,
    error: () => undefined,
};

/** Undefined for a schema that can reject nothing. */
export async function compileSilently(schema: Dictionary): Promise<ItemSchema | undefined> {
    return (await compileItemSchema(schema, { source: 'the schema' }, SILENT)).schema;
}

/** @throws SchemaLoadError for a schema that can validate nothing as it is written, though it says something */
export async function compileGiven(schema: Dictionary): Promise<ItemSchema | undefined> {
    const { schema: compiled, reason, remedy } = await compileItemSchema(schema, { source: 'the schema' }, SILENT);
    const { $schema: _draft, type, properties, ...others } = schema;
    const isEmptyObject = (type === undefined || type === 'object') && Object.keys(properties ?? {}).length === 0;
    const saysSomething = !isEmptyObject || Object.keys(others).length > 0;
    if (compiled === undefined && saysSomething) throw new SchemaLoadError('the schema', `${reason}. ${remedy}.`);
    return compiled;
}
