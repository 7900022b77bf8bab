import type { Dictionary } from '../../records.js';
import type { JsonPatchOperation } from '../json-patch.js';
import { escapeKey } from '../json-patch.js';
import { kindOf, ObservedValue } from '../observed-value.js';
import { PlaceBudget } from '../place-budget.js';
import { SchemaWriter } from '../write-schema.js';
import { schemaAt } from './locate.js';
import type { ChangeKind, Need } from './need.js';
import { valueAt } from './values.js';

/** More values or properties than this are no list that a person would keep: the keyword goes instead. */
const MAX_LISTED = 20;
const MAX_LISTED_LENGTH = 200;

type Operations = JsonPatchOperation[];

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
    /** How far a bound must go. */
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
    operations(schema: Dictionary): Operations {
        const node = schemaAt(schema, this.pointer);
        if (this.kind === 'allow-anything') return [{ op: 'replace', path: this.pointer, value: true }];
        if (typeof node !== 'object') return [];
        switch (this.kind) {
            case 'allow-null':
                return [...this.#allowType(node, 'null'), ...this.#addValues(node, [null])];
            case 'allow-type':
                return this.#allowType(node, this.type);
            case 'make-optional':
                return this.#makeOptional(node);
            case 'widen-range':
                return this.#moveBound(node);
            case 'add-values':
                return this.#allowValues(node);
            case 'allow-properties':
                return this.#listProperties(node);
            case 'add-alternative':
                return [
                    {
                        op: 'add',
                        path: this.#at(Array.isArray(node.anyOf) ? 'anyOf' : 'oneOf', '-'),
                        value: { type: this.type },
                    },
                ];
            case 'drop-keyword':
                return this.#drop(node, this.detail === 'if' ? ['if', 'then', 'else'] : [this.detail]);
        }
    }

    /**
     * The same with every bound and list gone: an item that needs nothing else passes then, whatever the final values are.
     */
    relaxation(schema: Dictionary): Operations {
        const node = schemaAt(schema, this.pointer);
        if (typeof node !== 'object') return this.operations(schema);
        switch (this.kind) {
            case 'widen-range':
            case 'allow-properties':
                return this.#drop(node, [this.detail]);
            case 'add-values':
                return this.#drop(node, ['enum', 'const', 'type']);
            case 'allow-type':
                return this.#allowType(node, this.detail);
            case 'add-alternative':
                return [
                    {
                        op: 'add',
                        path: this.#at(Array.isArray(node.anyOf) ? 'anyOf' : 'oneOf', '-'),
                        value: { type: this.detail },
                    },
                ];
            default:
                return this.operations(schema);
        }
    }

    /** What the change is, in words to be read after the path. */
    describe(): string {
        switch (this.kind) {
            case 'allow-null':
                return 'allow null';
            case 'allow-type':
            case 'add-alternative':
                return `allow the type ${this.type}`;
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
    get type(): string {
        return this.detail === 'number' && !this.#hasFraction ? 'integer' : this.detail;
    }

    #at(...keys: string[]): string {
        return [this.pointer, ...keys.map(escapeKey)].join('/');
    }

    #drop(node: Dictionary, keywords: readonly string[]): Operations {
        return keywords
            .filter((keyword) => keyword in node)
            .map((keyword) => ({ op: 'remove', path: this.#at(keyword) }));
    }

    #allowType(node: Dictionary, type: string): Operations {
        if (node.type === undefined) return [];
        const types = [node.type].flat() as string[];
        if (types.includes(type) || (type === 'integer' && types.includes('number'))) return [];
        // Each whole number is a number.
        const kept = type === 'number' ? types.filter((one) => one !== 'integer') : types;
        const value = [...kept, type];
        return [{ op: 'replace', path: this.#at('type'), value: value.length === 1 ? value[0] : value }];
    }

    #addValues(node: Dictionary, values: readonly unknown[]): Operations {
        if ('const' in node) {
            return [
                { op: 'remove', path: this.#at('const') },
                { op: 'add', path: this.#at('enum'), value: [node.const, ...values] },
            ];
        }
        if (!Array.isArray(node.enum)) return [];
        const known = new Set(node.enum.map((value) => JSON.stringify(value)));
        return values
            .filter((value) => !known.has(JSON.stringify(value)))
            .map((value) => ({ op: 'add', path: this.#at('enum', '-'), value }));
    }

    #allowValues(node: Dictionary): Operations {
        const listed: unknown[] = 'const' in node ? [node.const] : Array.isArray(node.enum) ? node.enum : [];
        const values = this.#values && [...this.#values.values()];
        if (values !== undefined) return [...this.#allowTypes(node, this.#types), ...this.#addValues(node, values)];
        // Without the list, the types of what it has and gets still say something.
        const types = node.type === undefined ? [...listed.map(kindOf), ...this.#types] : this.#types;
        return [...this.#drop(node, ['enum', 'const']), ...this.#allowTypes({ type: [], ...node }, types)];
    }

    #allowTypes(node: Dictionary, types: Iterable<string>): Operations {
        let type = node.type;
        for (const one of types) {
            const [operation] = this.#allowType({ type }, one);
            if (operation !== undefined && 'value' in operation) type = operation.value;
        }
        return type === node.type ? [] : [{ op: 'add', path: this.#at('type'), value: type }];
    }

    #makeOptional({ required }: Dictionary): Operations {
        const index = Array.isArray(required) ? required.indexOf(this.detail) : -1;
        if (index === -1) return [];
        return [
            { op: 'remove', path: required.length === 1 ? this.#at('required') : this.#at('required', String(index)) },
        ];
    }

    #moveBound(node: Dictionary): Operations {
        const bound = this.#bound;
        if (bound === undefined) return this.#drop(node, [this.detail]);
        const inclusive = { exclusiveMinimum: 'minimum', exclusiveMaximum: 'maximum' }[this.detail];
        if (inclusive === undefined) return [{ op: 'replace', path: this.#at(this.detail), value: bound }];
        const drop = this.#drop(node, [this.detail]);
        // A bound of the other kind is a change of its own.
        return inclusive in node ? drop : [...drop, { op: 'add', path: this.#at(inclusive), value: bound }];
    }

    #listProperties(node: Dictionary): Operations {
        if (this.#properties === undefined) return this.#drop(node, [this.detail]);
        const writer = new SchemaWriter({ tolerate: 0, ranges: false, examples: false });
        const entries = [...this.#properties].map(([name, value]) => [name, writer.write(value)] as const);
        if (typeof node.properties !== 'object') {
            return [{ op: 'add', path: this.#at('properties'), value: Object.fromEntries(entries) }];
        }
        return entries
            .filter(([name]) => !Object.hasOwn(node.properties, name))
            .map(([name, value]) => ({ op: 'add', path: this.#at('properties', name), value }));
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
            if (this.#properties.size === MAX_LISTED || name in Object.prototype) {
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

/** What a bound is compared with. */
function sizeOf(value: unknown): number {
    if (typeof value === 'number') return value;
    if (typeof value === 'string') return [...value].length;
    return Array.isArray(value) ? value.length : Object.keys(value as object).length;
}

function plural(words: readonly string[], one: string, many = `${one}s`): string {
    return `${words.length === 1 ? one : many} ${words.join(', ')}`;
}
