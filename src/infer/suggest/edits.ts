import type { Dictionary } from '../../records.js';
import type { JsonPatchOperation } from '../json-patch.js';
import { escapeKey } from '../json-patch.js';
import { kindOf, ObservedValue } from '../observed-value.js';
import { PlaceBudget } from '../place-budget.js';
import { SchemaWriter } from '../write-schema.js';
import { schemaAt } from './locate.js';
import type { ChangeKind, Need } from './need.js';
import { NodeOperations } from './node-operations.js';
import { valueAt } from './values.js';

/** More values or properties than this are no list that a person would keep: the keyword goes instead. */
const MAX_LISTED = 20;
const MAX_LISTED_LENGTH = 200;

/** One change of a schema, for all items that need it: what it must allow is collected from them. */
export class SchemaEdit {
    readonly kind: ChangeKind;
    readonly pointer: string;
    readonly detail: string;
    readonly path: string;
    /** Values that are to be added to an `enum`, by their JSON; `undefined` once there are too many. */
    #values: Map<string, unknown> | undefined = new Map();
    /** The types of these values. */
    readonly #types = new Set<string>();
    /** By name; `undefined` once there are too many. */
    #properties: Map<string, ObservedValue> | undefined = new Map();
    /** The value that a bound must reach. */
    #bound: number | undefined;
    #hasFraction = false;

    constructor({ kind, pointer, detail, path }: Need) {
        this.kind = kind;
        this.pointer = pointer;
        this.detail = detail;
        this.path = path;
    }

    /** Takes what an item needs into account. */
    collect(need: Need, item: unknown): void {
        for (const instancePath of need.instancePaths) {
            const value = valueAt(item, instancePath);
            if (typeof value === 'number' && !Number.isInteger(value)) this.#hasFraction = true;
            if (this.kind === 'add-values') this.#addValue(value);
            if (this.kind === 'widen-range') this.#widen(value);
        }
        if (this.kind !== 'allow-properties') return;
        need.names.forEach((name, index) => {
            const value = valueAt(item, `${need.instancePaths[index]}/${escapeKey(name)}`);
            this.#addProperty(name, value);
        });
    }

    /** The operations that change `schema`, which earlier edits may have changed; none where nothing is left to do. */
    operations(schema: Dictionary): JsonPatchOperation[] {
        if (this.kind === 'allow-anything') return [{ op: 'replace', path: this.pointer, value: true }];
        const node = schemaAt(schema, this.pointer);
        if (typeof node !== 'object') return [];
        const operations = new NodeOperations(node, this.pointer);
        switch (this.kind) {
            case 'allow-null':
                return [...operations.allowTypes('null'), ...operations.addValues([null])];
            case 'allow-type':
                return operations.allowTypes(this.#type);
            case 'make-optional':
                return operations.dropRequired(this.detail);
            case 'widen-range':
                return operations.moveBound(this.detail, this.#bound!);
            case 'add-values': {
                const types = [...this.#types];
                if (this.#values === undefined) return operations.dropValues(types);
                return [...operations.allowTypes(...types), ...operations.addValues([...this.#values.values()])];
            }
            case 'allow-properties':
                return this.#properties === undefined
                    ? operations.drop(this.detail)
                    : operations.addProperties(schemasOf(this.#properties));
            case 'add-alternative':
                return operations.addAlternative(this.#type);
            case 'drop-keyword':
                return operations.drop(...(this.detail === 'if' ? ['if', 'then', 'else'] : [this.detail]));
        }
    }

    /**
     * The same with every bound and list gone: an item that needs nothing else passes then, whatever the final values are.
     */
    relaxation(schema: Dictionary): JsonPatchOperation[] {
        const node = schemaAt(schema, this.pointer);
        if (typeof node !== 'object') return this.operations(schema);
        const operations = new NodeOperations(node, this.pointer);
        switch (this.kind) {
            case 'widen-range':
            case 'allow-properties':
                return operations.drop(this.detail);
            case 'add-values':
                return operations.drop('enum', 'const', 'type');
            case 'allow-type':
                return operations.allowTypes(this.detail);
            case 'add-alternative':
                return operations.addAlternative(this.detail);
            default:
                return this.operations(schema);
        }
    }

    /** The change in words, to be read after the path. */
    describe(): string {
        switch (this.kind) {
            case 'allow-null':
                return 'allow null';
            case 'allow-type':
            case 'add-alternative':
                return `allow the type ${this.#type}`;
            case 'make-optional':
                return 'make it optional';
            case 'widen-range':
                return `change "${this.detail}" to ${this.#bound}`;
            case 'add-values': {
                const values = this.#values && [...this.#values.keys()];
                return values === undefined ? 'drop the list of values' : `allow the ${plural(values, 'value')}`;
            }
            case 'allow-properties': {
                const names = this.#properties && [...this.#properties.keys()].map((name) => JSON.stringify(name));
                return names === undefined
                    ? 'allow any property'
                    : `allow the ${plural(names, 'property', 'properties')}`;
            }
            case 'drop-keyword':
                return `drop "${this.detail}"`;
            case 'allow-anything':
                return 'allow any value';
        }
    }

    /** The type that is to be allowed; numbers are whole as long as all are. */
    get #type(): string {
        return this.detail === 'number' && !this.#hasFraction ? 'integer' : this.detail;
    }

    #addValue(value: unknown): void {
        this.#types.add(kindOf(value));
        if (this.#values === undefined) return;
        const json = JSON.stringify(value);
        this.#values.set(json, value);
        if (this.#values.size > MAX_LISTED || json.length > MAX_LISTED_LENGTH) this.#values = undefined;
    }

    #addProperty(name: string, value: unknown): void {
        if (this.#properties === undefined) return;
        let place = this.#properties.get(name);
        if (place === undefined) {
            const isListable = name.length <= MAX_LISTED_LENGTH && !(name in Object.prototype);
            if (this.#properties.size === MAX_LISTED || !isListable) {
                this.#properties = undefined;
                return;
            }
            this.#properties.set(name, (place = new ObservedValue(new PlaceBudget(), 0)));
        }
        place.add(value, 0);
    }

    #widen(value: unknown): void {
        const size = sizeOf(value);
        const pick = /^(?:min|exclusiveMin)/.test(this.detail) ? Math.min : Math.max;
        this.#bound = this.#bound === undefined ? size : pick(this.#bound, size);
    }
}

/** Schemas that accept what was seen, and nothing of another type. */
function schemasOf(properties: ReadonlyMap<string, ObservedValue>): [string, Dictionary][] {
    const writer = new SchemaWriter({ tolerate: 0, ranges: false, examples: false });
    return [...properties].map(([name, value]) => [name, writer.write(value)]);
}

/** The size of a value that a bound is compared with. */
function sizeOf(value: unknown): number {
    if (typeof value === 'number') return value;
    if (typeof value === 'string') return [...value].length;
    return Array.isArray(value) ? value.length : Object.keys(value as object).length;
}

function plural(words: readonly string[], one: string, many = `${one}s`): string {
    return `${words.length === 1 ? one : many} ${words.join(', ')}`;
}
