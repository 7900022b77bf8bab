/** One operation of a JSON Patch (RFC 6902), of the three that change a value. */
export type JsonPatchOperation =
    | {
          /** The operation. */
          readonly op: 'add' | 'replace';
          /** JSON Pointer into the document. */
          readonly path: string;
          /** The new value at the path. */
          readonly value: unknown;
      }
    | {
          /** The operation. */
          readonly op: 'remove';
          /** JSON Pointer into the document. */
          readonly path: string;
      };

/** The keys that a JSON Pointer names. */
export function pointerKeys(pointer: string): string[] {
    return pointer
        .split('/')
        .slice(1)
        .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function escapeKey(key: string): string {
    return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** A copy of a JSON document, changed by all operations of a patch in their order. @throws RangeError where a path leads nowhere */
export function applyPatch<Document>(document: Document, patch: readonly JsonPatchOperation[]): Document {
    // A structured clone would keep one object that stands in two places as one.
    const changed = { root: JSON.parse(JSON.stringify(document)) as unknown };
    for (const operation of patch) {
        const keys = ['root', ...pointerKeys(operation.path)];
        const last = keys.pop()!;
        let parent: unknown = changed;
        for (const key of keys) parent = child(parent, key, operation.path);
        applyTo(parent, last, operation);
    }
    return changed.root as Document;
}

function applyTo(parent: unknown, key: string, operation: JsonPatchOperation): void {
    const { op, path } = operation;
    if (Array.isArray(parent) && op !== 'replace') {
        const index = key === '-' ? parent.length : Number(key);
        if (!Number.isInteger(index) || index < 0 || index > parent.length) leadsNowhere(path);
        if (op === 'add') parent.splice(index, 0, operation.value);
        else parent.splice(index, 1);
        return;
    }
    if (op !== 'add') child(parent, key, path);
    const object = parent as Record<string, unknown>;
    if (op === 'remove') delete object[key];
    else object[key] = operation.value;
}

function child(parent: unknown, key: string, path: string): unknown {
    if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key)) leadsNowhere(path);
    return (parent as Record<string, unknown>)[key];
}

function leadsNowhere(path: string): never {
    throw new RangeError(`The document has no ${JSON.stringify(path)}.`);
}
