import type { Dictionary } from '../../records.js';
import { kindOf } from '../observed-value.js';
import type { JsonPatchOperation } from '../json-patch.js';
import { escapeKey } from '../json-patch.js';

type Operations = JsonPatchOperation[];

/** Makes the operations that change one schema within a schema. Each has no effect where nothing is left to do. */
export class NodeOperations {
    readonly #node: Dictionary;
    readonly #pointer: string;

    constructor(node: Dictionary, pointer: string) {
        this.#node = node;
        this.#pointer = pointer;
    }

    drop(...keywords: string[]): Operations {
        return keywords
            .filter((keyword) => keyword in this.#node)
            .map((keyword) => ({ op: 'remove', path: this.#at(keyword) }));
    }

    /** Adds types to those that are allowed; without `type` all are. */
    allowTypes(...added: string[]): Operations {
        if (this.#node.type === undefined) return [];
        const before = [this.#node.type].flat() as string[];
        const types = added.reduce(withType, before);
        if (types === before) return [];
        return [{ op: 'replace', path: this.#at('type'), value: types.length === 1 ? types[0] : types }];
    }

    /** Adds values to `enum` or `const`. */
    addValues(values: readonly unknown[]): Operations {
        const { const: only, enum: listed } = this.#node;
        if ('const' in this.#node) {
            return [...this.drop('const'), { op: 'add', path: this.#at('enum'), value: [only, ...values] }];
        }
        if (!Array.isArray(listed)) return [];
        const known = new Set(listed.map((value) => JSON.stringify(value)));
        return values
            .filter((value) => !known.has(JSON.stringify(value)))
            .map((value) => ({ op: 'add', path: this.#at('enum', '-'), value }));
    }

    /** Drops `enum` or `const`. The types of the values that it has, and of further ones, stay a condition. */
    dropValues(further: readonly string[]): Operations {
        const { type, const: only, enum: listed = [only] } = this.#node;
        const drop = this.drop('enum', 'const');
        if (type !== undefined) return [...drop, ...this.allowTypes(...further)];
        const types = [...(Array.isArray(listed) ? listed.map(kindOf) : []), ...further].reduce<string[]>(withType, []);
        return [...drop, { op: 'add', path: this.#at('type'), value: types }];
    }

    dropRequired(name: string): Operations {
        const { required } = this.#node;
        const index = Array.isArray(required) ? required.indexOf(name) : -1;
        if (index === -1) return [];
        return required.length === 1
            ? this.drop('required')
            : [{ op: 'remove', path: this.#at('required', `${index}`) }];
    }

    /** Moves a bound to a value that is to be allowed. */
    moveBound(keyword: string, bound: number): Operations {
        const inclusive = { exclusiveMinimum: 'minimum', exclusiveMaximum: 'maximum' }[keyword];
        if (inclusive === undefined) return [{ op: 'replace', path: this.#at(keyword), value: bound }];
        const drop = this.drop(keyword);
        // Where the value fails the inclusive bound, too, that is a change of its own.
        return inclusive in this.#node ? drop : [...drop, { op: 'add', path: this.#at(inclusive), value: bound }];
    }

    addProperties(schemas: readonly (readonly [name: string, schema: Dictionary])[]): Operations {
        const { properties } = this.#node;
        if (typeof properties !== 'object') {
            return [{ op: 'add', path: this.#at('properties'), value: Object.fromEntries(schemas) }];
        }
        return schemas
            .filter(([name]) => !Object.hasOwn(properties, name))
            .map(([name, value]) => ({ op: 'add', path: this.#at('properties', name), value }));
    }

    addAlternative(type: string): Operations {
        const keyword = Array.isArray(this.#node.anyOf) ? 'anyOf' : 'oneOf';
        return [{ op: 'add', path: this.#at(keyword, '-'), value: { type } }];
    }

    #at(...keys: string[]): string {
        return [this.#pointer, ...keys.map(escapeKey)].join('/');
    }
}

/** Each whole number is a number: of these two types one is enough. */
function withType(types: string[], type: string): string[] {
    if (types.includes(type) || (type === 'integer' && types.includes('number'))) return types;
    return [...types.filter((one) => type !== 'number' || one !== 'integer'), type];
}
