import type { Dictionary, ItemError } from '../../records.js';
import { escapeKey, pointerKeys } from '../json-patch.js';
import { kindOf } from '../observed-value.js';
import { locate, schemaAt } from './locate.js';
import { valueAt } from './values.js';

/** The kinds of change to a schema. */
export type ChangeKind =
    /** A value may be `null`. */
    | 'allow-null'
    /** A value may be of a further type. */
    | 'allow-type'
    /** A property may be missing. */
    | 'make-optional'
    /** A bound is moved as far as the values go. */
    | 'widen-range'
    /** An `enum` or `const` gets further values. */
    | 'add-values'
    /** Properties that are not allowed are listed. */
    | 'allow-properties'
    /** An `anyOf` or `oneOf` gets an alternative of a further type. */
    | 'add-alternative'
    /** A keyword goes. */
    | 'drop-keyword'
    /** What must not be there may be anything. */
    | 'allow-anything';

/** One change of the schema that an item needs, at one place. */
export interface Need {
    readonly kind: ChangeKind;
    /** JSON Pointer to the schema that must change. */
    readonly pointer: string;
    /** The keyword, type or property that it is about. */
    readonly detail: string;
    /** Pointers into the item: the values that fail. */
    readonly instancePaths: readonly string[];
    /** The path of these values, `*` for elements and for keys that only the data knows. */
    readonly path: string;
    /** Names of properties that are not allowed, with `allow-properties`. */
    readonly names: readonly string[];
}

/** The same for all items that need the same change. */
export function keyOf({ kind, pointer, detail }: Need): string {
    return `${kind} ${detail} ${pointer}`;
}

const RANGE_KEYWORDS = new Set([
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'exclusiveMaximum',
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
    'minProperties',
    'maxProperties',
]);

/** The errors of one item are compared with each other. Above this number it is cheaper to look at the item. */
const MAX_ERRORS = 2_000;

/** Finds the changes that an item with these errors needs of the schema; `undefined` where no change of the schema is known. */
export function needsOf(errors: readonly ItemError[], item: unknown, root: Dictionary): Need[] | undefined {
    if (errors.length > MAX_ERRORS) return undefined;
    const finder = new NeedFinder(item, root);
    return finder.find(errors, { pointer: '', instancePath: '' }) ? finder.needs() : undefined;
}

interface Start {
    pointer: string;
    instancePath: string;
}

class NeedFinder {
    readonly #item: unknown;
    readonly #root: Dictionary;
    readonly #needs = new Map<string, Need & { instancePaths: string[]; names: string[] }>();

    constructor(item: unknown, root: Dictionary) {
        this.#item = item;
        this.#root = root;
    }

    /** Adds what resolves these errors. Returns whether all are understood. */
    find(errors: readonly ItemError[], start: Start): boolean {
        let rest = [...errors];
        // The outermost alternatives come last, behind the errors of their branches.
        for (const error of errors.toReversed()) {
            if (!rest.includes(error) || (error.keyword !== 'anyOf' && error.keyword !== 'oneOf')) continue;
            const pointer = locate(this.#root, error, start);
            if (pointer === undefined) return false;
            const branches = this.#branchErrors(rest, error, pointer);
            rest = rest.filter((other) => other !== error && !branches.flat().includes(other));
            if (!this.#findForAlternatives(error, pointer, branches)) return false;
        }
        return rest.every((error) => this.#findForError(error, rest, start));
    }

    needs(): Need[] {
        const needs = [...this.#needs.values()];
        // Values that are added to an `enum` bring their type along.
        const isCovered = (need: Need) =>
            need.kind === 'allow-type' &&
            needs.some((other) => other.kind === 'add-values' && other.pointer === need.pointer);
        return needs.filter((need) => !isCovered(need));
    }

    /** For each branch of `anyOf` or `oneOf` its errors. */
    #branchErrors(errors: readonly ItemError[], { instancePath, keyword }: ItemError, pointer: string): ItemError[][] {
        const branches = (schemaAt(this.#root, pointer) as Dictionary)[keyword] as unknown[];
        const candidates = errors.filter((error) => isBelow(error.instancePath, instancePath));
        return branches.map((_branch, index) => {
            const start = { pointer: `${pointer}/${keyword}/${index}`, instancePath };
            return candidates.filter((error) => locate(this.#root, error, start) !== undefined);
        });
    }

    #findForAlternatives(error: ItemError, pointer: string, branches: readonly ItemError[][]): boolean {
        const { instancePath, keyword, params } = error;
        // More than one alternative fits, and only one may.
        if (Array.isArray(params?.passingSchemas)) return this.#add('drop-keyword', pointer, keyword, error);
        const fitting = branches
            .map((errors, index) => ({ errors, pointer: `${pointer}/${keyword}/${index}` }))
            .filter(({ errors }) => errors.length > 0 && !errors.some((one) => failsType(one, instancePath)));
        const [best] = fitting.toSorted((one, other) => one.errors.length - other.errors.length);
        if (best === undefined) {
            return this.#add('add-alternative', pointer, typeOf(valueAt(this.#item, instancePath)), error);
        }
        return this.find(best.errors, { pointer: best.pointer, instancePath });
    }

    #findForError(error: ItemError, all: readonly ItemError[], start: Start): boolean {
        const { keyword, params, instancePath } = error;
        const pointer = locate(this.#root, error, start);
        if (pointer === undefined) return false;
        const value = valueAt(this.#item, instancePath);
        switch (keyword) {
            case 'type':
                return value === null
                    ? this.#add('allow-null', pointer, '', error)
                    : this.#add('allow-type', pointer, typeOf(value), error);
            case 'enum':
            case 'const':
                return value === null
                    ? this.#add('allow-null', pointer, '', error)
                    : this.#add('add-values', pointer, '', error);
            case 'required':
                return this.#add('make-optional', pointer, String(params.missingProperty), error);
            case 'additionalProperties':
                return this.#add('allow-properties', pointer, keyword, error, String(params.additionalProperty));
            case 'unevaluatedProperties':
                return this.#add('allow-properties', pointer, keyword, error, String(params.unevaluatedProperty));
            case 'false schema':
                return this.#add('allow-anything', pointer, '', error);
            case 'if':
                // Errors in `then` or `else` are reported by themselves.
                return all.length > 1 || this.#add('drop-keyword', pointer, keyword, error);
            default:
                return this.#add(RANGE_KEYWORDS.has(keyword) ? 'widen-range' : 'drop-keyword', pointer, keyword, error);
        }
    }

    #add(kind: ChangeKind, pointer: string, detail: string, { instancePath }: ItemError, name?: string): true {
        const missing = kind === 'make-optional' ? `/${escapeKey(detail)}` : '';
        const path = generalPath(this.#root, this.#item, instancePath) + missing;
        const need = { kind, pointer, detail, path, instancePaths: [] as string[], names: [] as string[] };
        const key = keyOf(need);
        const known = this.#needs.get(key) ?? need;
        known.instancePaths.push(instancePath);
        if (name !== undefined) known.names.push(name);
        this.#needs.set(key, known);
        return true;
    }
}

function failsType({ keyword, instancePath, params }: ItemError, ofValue: string): boolean {
    return (
        instancePath === ofValue && (keyword === 'type' || ('allowedValue' in (params ?? {}) && keyword === 'const'))
    );
}

function isBelow(instancePath: string, other: string): boolean {
    return instancePath === other || instancePath.startsWith(`${other}/`);
}

/** The type of JSON Schema that takes a value: numbers with and without a fraction are one. */
function typeOf(value: unknown): string {
    const kind = kindOf(value);
    return kind === 'integer' ? 'number' : kind;
}

/** The path with `*` in place of indexes, and of keys for which the schema has no property of that name. */
function generalPath(root: Dictionary, item: unknown, instancePath: string): string {
    let path = '';
    let value = item;
    for (const key of pointerKeys(instancePath)) {
        path += Array.isArray(value) || !isNamed(root, key) ? '/*' : `/${escapeKey(key)}`;
        value = (value as Dictionary)[key];
    }
    return path;
}

const namesOfSchema = new WeakMap<Dictionary, Set<string>>();

function isNamed(root: Dictionary, key: string): boolean {
    let names = namesOfSchema.get(root);
    if (names === undefined) {
        names = new Set();
        collectNames(root, names);
        namesOfSchema.set(root, names);
    }
    return names.has(key);
}

function collectNames(schema: unknown, names: Set<string>): void {
    if (typeof schema !== 'object' || schema === null) return;
    if (!Array.isArray(schema)) {
        const { properties, required } = schema as Dictionary;
        if (typeof properties === 'object' && properties !== null)
            for (const key of Object.keys(properties)) names.add(key);
        if (Array.isArray(required)) for (const key of required) names.add(String(key));
    }
    for (const value of Object.values(schema)) collectNames(value, names);
}
