import type { ItemSchema, VerboseError } from '../../ports.js';
import { SchemaLoadError } from '../../errors.js';
import type { Dictionary } from '../../records.js';
import { fieldsOfSchema } from '../../schema/discover.js';
import { isObject } from '../../schema/place.js';
import { TooMuchWorkError } from '../../schema/work-limit.js';
import { expectIterable } from '../expect-iterable.js';
import type { JsonPatchOperation } from '../json-patch.js';
import { applyPatch } from '../json-patch.js';
import { itemOfRecord } from '../record-item.js';
import type { ChangeKind, Need } from './need.js';
import { keyOf, needsOf } from './need.js';
import { SchemaEdit } from './edits.js';
import type { SuggestedRepair } from './mend.js';
import { Mending } from './mend.js';
import { PolicyTrial } from './policies.js';
import type { RelaxedSchema } from './relaxed-schemas.js';
import { compileGiven, RelaxedSchemas } from './relaxed-schemas.js';

export type { ChangeKind, JsonPatchOperation, SuggestedRepair };

/** Options of `suggestChanges()`. */
export interface SuggestOptions {
    /**
     * Whether the suggested repairs hold values of items.
     * @default true
     */
    samples?: boolean | undefined;
    /** Called after each item. */
    onItem?: ((progress: { checkedItems: number; failedItems: number }) => void) | undefined;
}

/** One change of the schema, the smallest that lets items in which fail for one reason. */
export interface SchemaChange {
    /** The change. */
    readonly kind: ChangeKind;
    /** JSON Pointer into the item; `*` for elements of an array and for keys that only the data knows. */
    readonly path: string;
    /** In words, to be read after the path: `allow null`. */
    readonly description: string;
    /** Items that need this change, and perhaps others. */
    readonly failedItems: number;
    /** Items that pass with this change alone. */
    readonly letInItems: number;
    /** This change alone, for the schema as it was given. */
    readonly patch: readonly JsonPatchOperation[];
    /**
     * Repairs that would mend the items instead: first those that keep their values, those that mend most items first, then the policy that
     * leaves something out and mends most.
     */
    readonly repairs: readonly SuggestedRepair[];
}

/** The result of `suggestChanges()`. */
export interface SuggestedChanges {
    /** Items that were read. */
    readonly checkedItems: number;
    /** Items that fail the schema as it was given. */
    readonly failedItems: number;
    /** Failed items that no suggested change lets in: no objects, say, or items that a record does not hold. */
    readonly unexplainedItems: number;
    /** The changes, those that most items need first. */
    readonly changes: readonly SchemaChange[];
    /** All changes, one after another, for the schema as it was given: it applies as a whole. */
    readonly patch: readonly JsonPatchOperation[];
}

/** Each is one more line that nobody reads. */
const MAX_CHANGES = 200;
/** A change may bring another fault to light. */
const MAX_ROUNDS = 8;

interface Counted {
    edit: SchemaEdit;
    mending: Mending;
    failedItems: number;
    letInItems: number;
}

/**
 * Finds the smallest changes of a schema that let items in which fail it, and the repairs that would mend the items instead.
 * Records of a quarantine stand for the items in them. One pass; what is remembered does not grow with the number of items.
 *
 * @throws SchemaLoadError where `schema` cannot work
 */
export async function suggestChanges(
    records: Iterable<unknown> | AsyncIterable<unknown>,
    schema: Dictionary,
    options: SuggestOptions = {},
): Promise<SuggestedChanges> {
    if (!isObject(schema)) {
        const expected = 'expected a JSON Schema or a dataset schema, an object';
        throw new SchemaLoadError('the schema', `${expected}, but got: ${String(schema)}.`);
    }
    const { fields, place } = fieldsOfSchema(schema, 'the schema');
    const finder = new ChangeFinder(isObject(fields) ? fields : {}, options);
    await finder.open();
    expectIterable('suggestChanges()', records);
    for await (const record of records) await finder.add(record);
    return finder.finish(place.place === undefined ? '' : `/${place.place}`);
}

/** Finds the changes item by item. To be opened first. */
export class ChangeFinder {
    readonly #root: Dictionary;
    readonly #options: SuggestOptions;
    readonly #relaxed: RelaxedSchemas;
    readonly #counted = new Map<string, Counted>();
    #schema: ItemSchema | undefined;
    #policies: PolicyTrial | undefined;
    #checkedItems = 0;
    #failedItems = 0;
    #unexplainedItems = 0;

    constructor(root: Dictionary, options: SuggestOptions) {
        this.#root = root;
        this.#options = options;
        this.#relaxed = new RelaxedSchemas(root);
    }

    async open(): Promise<void> {
        this.#schema = await compileGiven(this.#root);
        this.#policies = this.#schema && (await PolicyTrial.open(this.#root, this.#schema));
    }

    async add(record: unknown): Promise<void> {
        this.#checkedItems++;
        const given = itemOfRecord(record);
        // Most items pass as they are: only those that fail are worth the time that their JSON takes.
        if (!isObject(given) || this.#schema?.validate(given) !== undefined) await this.#addFailing(asJson(given));
        this.#options.onItem?.({ checkedItems: this.#checkedItems, failedItems: this.#failedItems });
    }

    async #addFailing(item: unknown): Promise<void> {
        if (isObject(item) && this.#schema?.validate(item) === undefined) return;
        this.#failedItems++;
        const needs = isObject(item) ? await this.#allNeeds(item) : undefined;
        if (needs === undefined || !this.#count(needs, item as Dictionary)) this.#unexplainedItems++;
    }

    finish(prefix: string): SuggestedChanges {
        const counted = [...this.#counted.values()].sort((one, other) => other.failedItems - one.failedItems);
        const withPrefix = (patch: readonly JsonPatchOperation[]) =>
            patch.map((operation) => ({ ...operation, path: prefix + operation.path }));
        let changed = this.#root;
        const whole = counted.flatMap(({ edit }) => {
            const operations = edit.operations(changed);
            changed = applyPatch(changed, operations);
            return operations;
        });
        return Object.freeze({
            checkedItems: this.#checkedItems,
            failedItems: this.#failedItems,
            unexplainedItems: this.#unexplainedItems,
            changes: counted.map(({ edit, mending, failedItems, letInItems }) => ({
                kind: edit.kind,
                path: edit.path,
                description: edit.describe(),
                failedItems,
                letInItems,
                patch: withPrefix(edit.operations(this.#root)),
                repairs: mending.suggestions(),
            })),
            patch: withPrefix(whole),
        });
    }

    /**
     * What an item needs, with what comes to light only once another fault is gone. Each need is followed by itself, not with
     * the others: a schema must be compiled for each set of needs that is tried.
     */
    async #allNeeds(item: Dictionary): Promise<Need[] | undefined> {
        const needs = new Map<string, Need>();
        const waiting: Need[][] = [[]];
        for (const chain of waiting) {
            const relaxed = chain.length === 0 ? this.#unchanged : await this.#relaxed.for(chain);
            // Uncut: the names and all places of the errors tell what would have to change.
            const errors = relaxed?.schema && allErrorsOf(item, relaxed.schema);
            if (errors === 'too many') return undefined;
            if (relaxed === undefined || errors === undefined) continue;
            const found = needsOf(errors, item, relaxed.root);
            const keys = new Set(found?.map(keyOf));
            if (found === undefined || chain.some((need) => keys.has(keyOf(need)))) return undefined;
            for (const need of found) {
                if (needs.has(keyOf(need))) continue;
                if (chain.length === MAX_ROUNDS) return undefined;
                needs.set(keyOf(need), need);
                waiting.push([...chain, need]);
            }
        }
        return [...needs.values()];
    }

    get #unchanged(): RelaxedSchema {
        return { root: this.#root, schema: this.#schema };
    }

    /** Returns whether there was room for all needs. */
    #count(needs: readonly Need[], item: Dictionary): boolean {
        const isNew = needs.filter((need) => !this.#counted.has(keyOf(need)));
        if (this.#counted.size + isNew.length > MAX_CHANGES) return false;
        const kinds = needs.map(({ kind }) => kind);
        const mending = this.#policies!.mending(item, kinds);
        for (const need of needs) {
            const counted = this.#find(need);
            counted.edit.collect(need, item);
            counted.failedItems++;
            if (needs.length === 1) counted.letInItems++;
            counted.mending.tryReadings(need, item);
            for (const { repair, repairs } of mending) counted.mending.countPolicy(need, repair, repairs);
        }
        return true;
    }

    #find(need: Need): Counted {
        const key = keyOf(need);
        let counted = this.#counted.get(key);
        if (counted === undefined) {
            counted = {
                edit: new SchemaEdit(need),
                mending: new Mending(need, this.#root, this.#schema!, this.#options.samples ?? true),
                failedItems: 0,
                letInItems: 0,
            };
            this.#counted.set(key, counted);
        }
        return counted;
    }
}

/** What the JSON of an item reads as, which is what a guard validates; `undefined` for an item that has none. */
function asJson(item: unknown): unknown {
    try {
        return JSON.parse(JSON.stringify(item));
    } catch {
        return undefined;
    }
}

/** All errors of an item; `too many` where finding them takes too long. */
function allErrorsOf(item: Dictionary, schema: ItemSchema): VerboseError[] | 'too many' | undefined {
    try {
        return schema.validateVerbose(item);
    } catch (error) {
        if (error instanceof TooMuchWorkError) return 'too many';
        throw error;
    }
}
