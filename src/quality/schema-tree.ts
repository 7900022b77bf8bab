import { subschemas } from '../utils/subschemas.js';

export type SchemaNode = Readonly<Record<string, unknown>>;

export function isSchemaNode(value: unknown): value is SchemaNode {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** All schemas inside `root`, itself included. */
export function* allSchemas(root: unknown): Generator<SchemaNode> {
    const open = [root];
    const seen = new Set<unknown>();
    while (open.length > 0) {
        const node = open.pop();
        if (!isSchemaNode(node) || seen.has(node)) continue;
        seen.add(node);
        yield node;
        for (const { value } of subschemas(node)) open.push(value);
    }
}

/** The schema that a `$ref` within `root` names; `undefined` for other files and for places that hold none. */
export function resolveReference(root: unknown, reference: unknown): SchemaNode | undefined {
    if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined;
    if (reference === '#') return isSchemaNode(root) ? root : undefined;
    if (!reference.startsWith('#/')) return undefined;
    let node: unknown = root;
    for (const token of reference.slice(2).split('/')) {
        const name = decode(token).replaceAll('~1', '/').replaceAll('~0', '~');
        if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name)) return undefined;
        node = (node as Record<string, unknown>)[name];
    }
    return isSchemaNode(node) ? node : undefined;
}

function decode(token: string): string {
    try {
        return decodeURIComponent(token);
    } catch {
        return token;
    }
}
