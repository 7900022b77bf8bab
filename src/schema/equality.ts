/**
 * Equality of JSON values as Ajv decides it, in time that grows with the size of the values alone, and without its exceptions:
 * Ajv throws where an object has a key `valueOf` or `toString`. There the values' JSON decides.
 */

/** Positions of two equal elements. */
export interface Duplicate {
    i: number;
    j: number;
}

/**
 * Finds the last element that equals an earlier one, and the nearest such earlier one, as Ajv does. Ajv compares each element
 * with each other one, which takes half a minute for 20,000 objects; here each is looked up once.
 */
export function findDuplicate(elements: readonly unknown[]): Duplicate | undefined {
    const scalars = new Map<unknown, number>();
    const composites = new Map<string, number>();
    let found: Duplicate | undefined;
    for (let i = 0; i < elements.length; i++) {
        const element = elements[i];
        const isScalar = typeof element !== 'object' || element === null;
        const key = isScalar ? element : canonicalJson(element);
        if (key === undefined) continue;
        const seen: Map<unknown, number> = isScalar ? scalars : composites;
        const j = seen.get(key);
        if (j !== undefined) found = { i, j };
        seen.set(key, i);
    }
    return found;
}

/**
 * JSON with the keys in order: the same text for equal values. `undefined` for a value that equals no other one: Ajv compares
 * what `constructor` holds by identity, so that a key of that name with an object makes an object unequal to all others.
 */
export function canonicalJson(value: unknown): string | undefined {
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const parts: string[] = [];
    if (Array.isArray(value)) {
        for (const element of value) {
            const text = canonicalJson(element);
            if (text === undefined) return undefined;
            parts.push(text);
        }
        return `[${parts.join(',')}]`;
    }
    const object = value as Record<string, unknown>;
    for (const key of Object.keys(object).sort()) {
        const member = object[key];
        if (key === 'constructor' && typeof member === 'object' && member !== null) return undefined;
        const text = canonicalJson(member);
        if (text === undefined) return undefined;
        parts.push(`${JSON.stringify(key)}:${text}`);
    }
    return `{${parts.join(',')}}`;
}
