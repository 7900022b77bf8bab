import type { Dictionary, ItemError } from '../../records.js';
import { escapeKey, pointerKeys } from '../json-patch.js';

const IN_PLACE_LISTS = ['allOf', 'anyOf', 'oneOf'];
const IN_PLACE_SCHEMAS = ['if', 'then', 'else'];
const FOR_ELEMENTS = ['items', 'additionalItems', 'unevaluatedItems', 'contains'];
const FOR_OTHER_PROPERTIES = ['additionalProperties', 'unevaluatedProperties'];

/**
 * JSON Pointer to the schema whose keyword an error is about. The validator's `schemaPath` alone does not tell: behind a
 * recursive `$ref` it begins at the schema that is referred to. `start` is a schema, and the path of the value that it is for.
 * Returns `undefined` where a `$ref` leads to another document.
 */
export function locate(
    root: Dictionary,
    { instancePath, schemaPath, keyword }: ItemError,
    start = { pointer: '', instancePath: '' },
): string | undefined {
    const said = saidPointer(schemaPath);
    const parent = keyword === 'false schema' ? said : said.slice(0, said.lastIndexOf('/'));
    const keys = pointerKeys(instancePath.slice(start.instancePath.length));
    let pointers = inPlace(root, [start.pointer]);
    for (const key of keys)
        pointers = inPlace(
            root,
            pointers.flatMap((pointer) => below(root, pointer, key)),
        );
    const candidates = pointers.filter((pointer) => hasKeyword(schemaAt(root, pointer), keyword));
    return candidates.find((pointer) => pointer === parent) ?? candidates.find((pointer) => pointer.endsWith(parent));
}

function hasKeyword(schema: Dictionary | boolean | undefined, keyword: string): boolean {
    return typeof schema === 'object' ? Object.hasOwn(schema, keyword) : schema === false && keyword === 'false schema';
}

/** The schema at a pointer; `undefined` where there is none. */
export function schemaAt(root: Dictionary, pointer: string): Dictionary | boolean | undefined {
    let node: unknown = root;
    for (const key of pointerKeys(pointer)) {
        if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
        node = (node as Dictionary)[key];
    }
    return typeof node === 'boolean' || (typeof node === 'object' && node !== null) ? (node as Dictionary) : undefined;
}

/** `#/properties/a%20b/type` as a JSON Pointer. */
function saidPointer(schemaPath: string): string {
    const fragment = schemaPath.slice(schemaPath.indexOf('#') + 1);
    const pointer = fragment.replace(/\/false schema$/, '');
    try {
        return decodeURIComponent(pointer);
    } catch {
        return pointer;
    }
}

/** The schemas at `pointers`, and those that they apply to the same value. */
function inPlace(root: Dictionary, pointers: readonly string[]): string[] {
    const found = new Set(pointers);
    // The loop also goes through entries that are added while it runs.
    for (const pointer of found) {
        const schema = schemaAt(root, pointer);
        if (typeof schema !== 'object') continue;
        for (const keyword of IN_PLACE_LISTS) {
            if (!Array.isArray(schema[keyword])) continue;
            for (const index of schema[keyword].keys()) found.add(`${pointer}/${keyword}/${index}`);
        }
        for (const keyword of IN_PLACE_SCHEMAS) if (keyword in schema) found.add(`${pointer}/${keyword}`);
        if (typeof schema.$ref === 'string' && schema.$ref.startsWith('#')) found.add(saidPointer(schema.$ref));
    }
    return [...found];
}

/** The schemas that the one at `pointer` applies to a property or an element of its value. */
function below(root: Dictionary, pointer: string, key: string): string[] {
    const schema = schemaAt(root, pointer);
    if (typeof schema !== 'object') return [];
    const found: string[] = [];
    if (Object.hasOwn(schema.properties ?? {}, key)) found.push(`${pointer}/properties/${escapeKey(key)}`);
    for (const pattern of Object.keys(schema.patternProperties ?? {})) {
        if (new RegExp(pattern, 'u').test(key)) found.push(`${pointer}/patternProperties/${escapeKey(pattern)}`);
    }
    if (found.length === 0) {
        for (const keyword of FOR_OTHER_PROPERTIES) if (keyword in schema) found.push(`${pointer}/${keyword}`);
    }
    if (!/^\d+$/.test(key)) return found;
    for (const keyword of ['items', 'prefixItems']) {
        if (Array.isArray(schema[keyword]) && key in schema[keyword]) found.push(`${pointer}/${keyword}/${key}`);
    }
    for (const keyword of FOR_ELEMENTS) {
        if (keyword in schema && !Array.isArray(schema[keyword])) found.push(`${pointer}/${keyword}`);
    }
    return found;
}
