import type { Dictionary } from '../records.js';
import { localTarget, walkSchemas } from './keywords.js';

/**
 * Upper bound of the references that validating one value follows, those of its members counted with it. `Infinity` where a
 * reference leads back to itself, or where only a validator knows where it leads: to an `$id`, to an anchor.
 */
export function countReferences(schema: Dictionary): number {
    return new ReferenceCount(schema).of(schema, '');
}

class ReferenceCount {
    readonly #root: Dictionary;
    /** What each schema that is referred to comes to; `Infinity` while it is counted, as it is where it leads back to itself. */
    readonly #counts = new Map<Dictionary, number>();

    constructor(root: Dictionary) {
        this.#root = root;
    }

    of(schema: Dictionary, pointer: string): number {
        const known = this.#counts.get(schema);
        if (known !== undefined) return known;
        this.#counts.set(schema, Infinity);
        let count = 0;
        walkSchemas(
            schema,
            (part, place) => {
                count += this.#ofPart(part, place);
            },
            pointer,
        );
        this.#counts.set(schema, count);
        return count;
    }

    #ofPart({ $ref, $id, $dynamicRef, $recursiveRef }: Dictionary, pointer: string): number {
        // Below an `$id` pointers begin there.
        const isMoved = typeof $id === 'string' && pointer !== '';
        if (isMoved || typeof $dynamicRef === 'string' || typeof $recursiveRef === 'string') return Infinity;
        if (typeof $ref !== 'string') return 0;
        if (!$ref.startsWith('#/')) return Infinity;
        const target = localTarget(this.#root, $ref);
        return target === undefined ? 1 : 1 + this.of(target, $ref);
    }
}
