import type { Dictionary, ItemError } from '../records.js';
import { pointerNames, toPointer, valueBelow } from '../utils/json-pointer.js';
import { jsonOfObject } from '../utils/user-code.js';
import type { SchemaNames } from './schema-names.js';
import { ANY, namesInSchemaPath } from './schema-names.js';
import { describeError } from './words.js';

/** Applies the option `redact` to whatever of an item leaves the process. */
export class Redactor {
    readonly #redact: ((item: Dictionary) => unknown) | undefined;
    readonly #onError: (error: unknown) => void;
    /** Whether there is anything to be hidden: then names that only the data knows are hidden, too. */
    readonly isActive: boolean;

    /** `onError` is called with what `redact` throws; it must not show it to anybody who may not see the item. */
    constructor(redact: ((item: Dictionary) => unknown) | undefined, onError: (error: unknown) => void) {
        this.#redact = redact;
        this.#onError = onError;
        this.isActive = redact !== undefined;
    }

    /** The part of an item with this JSON that may be shown, see `text`. */
    shown(itemText: string | undefined): unknown {
        return itemText === undefined ? undefined : parsed(this.text(itemText));
    }

    /** The same for parsed JSON that belongs to nobody else. */
    apply(item: unknown): unknown {
        return this.#redact === undefined ? item : parsed(this.#textOf(item, this.#redact));
    }

    /**
     * The JSON of the redacted item; `undefined` where `redact` throws, or returns a promise or what is no JSON object: then what it
     * would have hidden is unknown, and nothing of the item may be shown.
     */
    text(itemText: string): string | undefined {
        return this.#redact === undefined ? itemText : this.#textOf(JSON.parse(itemText), this.#redact);
    }

    #textOf(item: unknown, redact: (item: Dictionary) => unknown): string | undefined {
        try {
            return jsonOfObject(redact(item as Dictionary), 'an object from redact');
        } catch (error) {
            this.#onError(error);
            return undefined;
        }
    }
}

function parsed(text: string | undefined): unknown {
    return text === undefined ? undefined : JSON.parse(text);
}

/** Parameters of an error that hold a name which only the data knows. */
const DATA_NAMES = ['additionalProperty', 'unevaluatedProperty', 'propertyName', 'property'] as const;

/** An error as a record of a redacted item may have it: without names that only the data knows. `item` is the item as it was pushed. */
export function maskError(error: ItemError, names: SchemaNames, item: unknown): ItemError {
    const own = namesInSchemaPath(error.schemaPath);
    const known = (name: string) => names.has(name) || own.has(name);
    let value = item;
    const path = pointerNames(error.instancePath).map((name) => {
        // A phone number as the name of a property looks like an index.
        const isShown = known(name) || Array.isArray(value);
        value = valueBelow(value, [name]);
        return isShown ? name : ANY;
    });
    const instancePath = toPointer(path);
    const params = { ...error.params };
    for (const key of DATA_NAMES) if (typeof params[key] === 'string' && !known(params[key])) params[key] = ANY;
    return { ...error, instancePath, params, message: describeError('schema', { ...error, params }) };
}
