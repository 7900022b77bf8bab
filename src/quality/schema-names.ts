import { pointerNames, toPointer } from '../utils/json-pointer.js';
import { allSchemas, isSchemaNode } from './schema-tree.js';

/** Stands for an index and for every name that only the data knows. */
export const ANY = '*';

/** A path repeats itself below a schema that refers to itself. Longer repetitions are not looked for. */
const MAX_REPEATED_NAMES = 8;
const MAX_NAMES = 200;

/** The names that a schema knows: those that occur in a `properties`, `required` or `dependentRequired`. */
export class SchemaNames {
    readonly #names = new Set<string>();
    /** The last answer: items that fail in the same way follow one another, and their reasons and their fields ask for the same path. */
    #last = { instancePath: '', schemaPath: '', path: '' };

    /** `undefined` where the schema is not known: then only the names in an error's `schemaPath` are. */
    constructor(schema?: unknown) {
        for (const { properties, required, dependentRequired, dependencies } of allSchemas(schema)) {
            if (isSchemaNode(properties)) this.#addAll(Object.keys(properties));
            this.#addAll(required);
            for (const names of [dependentRequired, dependencies].filter(isSchemaNode).flatMap(Object.entries)) {
                this.#addAll([names[0], ...(Array.isArray(names[1]) ? names[1] : [])]);
            }
        }
    }

    has(name: string): boolean {
        return this.#names.has(name);
    }

    /**
     * The path of a fault as one place in the schema: indexes and names that only the data knows are `*`, and a repetition
     * below a recursive schema is written once.
     */
    pathOf(instancePath: string, schemaPath: string): string {
        if (instancePath === this.#last.instancePath && schemaPath === this.#last.schemaPath) return this.#last.path;
        const own = namesInSchemaPath(schemaPath);
        const path: string[] = [];
        for (const name of pointerNames(instancePath).slice(0, MAX_NAMES)) {
            path.push(this.#names.has(name) || own.has(name) ? name : ANY);
            dropRepetition(path);
        }
        this.#last = { instancePath, schemaPath, path: toPointer(path) };
        return this.#last.path;
    }

    #addAll(names: unknown): void {
        if (!Array.isArray(names)) return;
        for (const name of names) if (typeof name === 'string') this.#names.add(name);
    }
}

/** `#/properties/offers/items/properties/price/type` knows `offers` and `price`. Ajv writes it as a fragment of a URI. */
export function namesInSchemaPath(schemaPath: string): ReadonlySet<string> {
    const tokens = pointerNames(decodeFragment(schemaPath.replace(/^#/, '')));
    return new Set(tokens.filter((_, index) => tokens[index - 1] === 'properties'));
}

function decodeFragment(fragment: string): string {
    try {
        return decodeURIComponent(fragment);
    } catch {
        return fragment;
    }
}

/** Drops the last names where they repeat those before them. */
function dropRepetition(path: string[]): void {
    for (let length = 1; length <= Math.min(MAX_REPEATED_NAMES, path.length / 2); length++) {
        const start = path.length - length;
        if (path.slice(start).every((name, index) => name === path[start - length + index])) {
            path.length = start;
            return;
        }
    }
}
