import { pointerNames, toPointer } from '../utils/json-pointer.js';
import { ANY } from './schema-names.js';
import { isSchemaNode, resolveReference } from './schema-tree.js';
import type { SchemaNode } from './schema-tree.js';

/** A place in items whose values are counted: a name in an object, or all elements of an array, or all further names. */
export interface FieldNode {
    /** JSON Pointer with `*`. */
    readonly path: string;
    title?: string;
    description?: string;
    readonly names: Map<string, FieldNode>;
    any?: FieldNode;
    /** Whether the report has a row for it; others lead to such a place. */
    isRow: boolean;
    /** Whether the schema names it. Names that it does not name are `*`, too, where they are asked for by name. */
    isDeclared: boolean;
    /** Where its counts are, from this number on: see `FieldTable`. */
    slot: number;
}

const MAX_DEPTH = 8;
const MAX_NODES = 500;
/** A longer name is data. */
export const MAX_NAME_LENGTH = 200;

/** The places that a schema describes, and those that `paths` name. */
export function buildFieldTree(schema: unknown, paths: readonly string[]): FieldNode {
    const builder = new TreeBuilder(schema);
    builder.addSchema(schema, builder.root, 0, new Set());
    for (const path of paths) builder.addPath(path);
    return builder.root;
}

/** A bare name is a top-level key, a leading `/` makes it a pointer. */
export function toFieldPath(name: string): string {
    return name.startsWith('/') ? name : toPointer([name]);
}

class TreeBuilder {
    readonly root = createNode('');
    readonly #schema: unknown;
    #nodes = 0;

    constructor(schema: unknown) {
        this.#schema = schema;
    }

    /** `open` holds the schemas that lead here: one that refers to itself would never end. */
    addSchema(schema: unknown, node: FieldNode, depth: number, open: ReadonlySet<unknown>): void {
        if (!isSchemaNode(schema) || open.has(schema) || depth > MAX_DEPTH) return;
        const within = new Set(open).add(schema);
        node.title ??= textOf(schema.title);
        node.description ??= textOf(schema.description);
        if (typeof schema.$ref === 'string') {
            this.addSchema(resolveReference(this.#schema, schema.$ref), node, depth, within);
        }
        if (isSchemaNode(schema.properties)) {
            for (const [name, member] of Object.entries(schema.properties)) {
                const child = this.#child(node, name);
                if (child !== undefined) this.addSchema(member, child, depth + 1, within);
            }
        }
        for (const each of elementSchemas(schema)) {
            const child = this.#child(node, ANY);
            if (child !== undefined) this.addSchema(each, child, depth + 1, within);
        }
        for (const same of sameValueSchemas(schema)) this.addSchema(same, node, depth, within);
    }

    addPath(path: string): void {
        let node: FieldNode | undefined = this.root;
        for (const name of pointerNames(path)) node = node && this.#child(node, name, false);
        if (node !== undefined) node.isRow = true;
    }

    #child(node: FieldNode, name: string, isDeclared = true): FieldNode | undefined {
        const known = name === ANY ? node.any : node.names.get(name);
        if (known !== undefined) return known;
        if (isDeclared && (this.#nodes >= MAX_NODES || name.length > MAX_NAME_LENGTH)) return undefined;
        this.#nodes++;
        const child = createNode(`${node.path}${toPointer([name])}`, isDeclared);
        if (name === ANY) node.any = child;
        else node.names.set(name, child);
        return child;
    }
}

/** A place that the schema declares has a row. */
export function createNode(path: string, isDeclared = false): FieldNode {
    return { path, names: new Map(), isRow: isDeclared, isDeclared, slot: -1 };
}

function elementSchemas({ items, prefixItems, additionalProperties, patternProperties }: SchemaNode): unknown[] {
    const lists = [items, prefixItems].flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]));
    const maps = isSchemaNode(patternProperties) ? Object.values(patternProperties) : [];
    return [...lists, additionalProperties, ...maps].filter(isSchemaNode);
}

function sameValueSchemas({ allOf, anyOf, oneOf, then, else: otherwise }: SchemaNode): unknown[] {
    return [allOf, anyOf, oneOf]
        .flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))
        .concat(then, otherwise);
}

function textOf(value: unknown): string | undefined {
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
