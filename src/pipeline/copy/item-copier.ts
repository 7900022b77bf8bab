import { asItIs, type ItemCopy } from './item-copy.js';
import { ShapeCopiers } from './shape-copiers.js';

/**
 * Copies items' data, reading each property once: an item's JSON is made of the copy, and the copy is validated where it is plain,
 * so that both say the same, whatever a getter or a proxy would say next time. What is no plain JSON data stays what it is, to
 * be read once more for the JSON; then that is what is validated.
 *
 * Measured: cheaper than looking for what plain data must not have, because that takes a descriptor for each property.
 */
export class ItemCopier {
    readonly #copiers = new ShapeCopiers((value, copy) => this.#copyValue(value, copy));

    copy(item: unknown): ItemCopy {
        const copy: ItemCopy = { data: item, isPlain: true };
        try {
            const isObject = typeof item === 'object' && item !== null && !Array.isArray(item);
            if (isObject && !inheritsData()) copy.data = this.#copyObject(item, copy);
            else copy.isPlain = false;
        } catch {
            // Nested too deeply to walk, or something throws when it is read.
            copy.isPlain = false;
        }
        return copy;
    }

    #copyObject(object: object, copy: ItemCopy): unknown {
        const copyObject = this.#copiers.find(object);
        return copyObject === undefined ? this.#copyMembers(object, copy) : copyObject(object, copy);
    }

    #copyMembers(object: object, copy: ItemCopy): unknown {
        // What JSON.parse makes inherits from Object.prototype, and a schema may see what is inherited.
        if (Object.getPrototypeOf(object) !== Object.prototype || hasToJson(object)) return asItIs(object, copy);
        const data: Record<string, unknown> = { ...object };
        // oxlint-disable-next-line guard-for-in -- nothing is inherited that this would list
        for (const name in data) {
            const value = data[name];
            if (typeof value === 'string') continue;
            const copied = this.#copyValue(value, copy);
            // Only what is nested has to be written again.
            if (copied !== value) data[name] = copied;
        }
        return data;
    }

    #copyArray(array: unknown[], copy: ItemCopy): unknown {
        if (Object.getPrototypeOf(array) !== Array.prototype || hasToJson(array)) return asItIs(array, copy);
        const data: unknown[] = [];
        for (let index = 0; index < array.length; index++) {
            const value = array[index];
            // A hole, too; there may be more of them than could be copied.
            if (value === undefined) return asItIs(array, copy);
            data.push(typeof value === 'string' ? value : this.#copyValue(value, copy));
        }
        return data;
    }

    #copyValue(value: unknown, copy: ItemCopy): unknown {
        if (typeof value === 'object' && value !== null) {
            return Array.isArray(value) ? this.#copyArray(value, copy) : this.#copyObject(value, copy);
        }
        if (typeof value !== 'string' && typeof value !== 'boolean' && value !== null && !Number.isFinite(value)) {
            copy.isPlain = false;
        }
        return value;
    }
}

function hasToJson(value: object): boolean {
    return (value as { toJSON?: unknown }).toJSON !== undefined;
}

/** Whether somebody has given every object data that a loop over its members would list. */
function inheritsData(): boolean {
    // oxlint-disable-next-line guard-for-in -- what is inherited is what this asks for
    for (const _ in Object.prototype) return true;
    return false;
}
