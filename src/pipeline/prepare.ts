import type { ResolvedOptions } from '../options.js';
import { PLATFORM_MAX_PAYLOAD_BYTES } from '../options.js';
import type { ItemSchema } from '../ports.js';
import { synchronous } from '../ports.js';
import type { Rejection } from '../quarantine/record.js';
import type { ItemError } from '../records.js';
import type { CallbackErrors } from '../report/callback-errors.js';
import { copyItem } from './copy.js';
import { snapshot } from './snapshot.js';
import { validateItem } from './validate.js';

/** An item on its way: its JSON, and why it goes to quarantine if it does. */
export interface PreparedItem {
    /** Absent where the item has no JSON. */
    readonly text: string | undefined;
    readonly rejection: Rejection | undefined;
    /** With `mode: 'warn'`: why the item, which is sent all the same, fails the schema. */
    readonly warning?: Rejection;
}

/** Makes an item's JSON, once, and validates it. With `repair`, gives what fails a second chance. */
export class ItemPreparer {
    readonly #options: ResolvedOptions;
    readonly #callbackErrors: CallbackErrors;
    #schema: ItemSchema | undefined;

    constructor(options: ResolvedOptions, schema: ItemSchema | undefined, callbackErrors: CallbackErrors) {
        this.#options = options;
        this.#schema = schema;
        this.#callbackErrors = callbackErrors;
    }

    /** SHA-256 of the schema that items are validated with. */
    get schemaHash(): string | undefined {
        return this.#schema?.hash;
    }

    /** Validates with another schema from now on. */
    useSchema(schema: ItemSchema): void {
        this.#schema = schema;
    }

    /** Whether an item that passed before fails the schema as it is now. */
    isInvalid(itemText: string): boolean {
        return this.#schema?.validate(JSON.parse(itemText)) !== undefined;
    }

    prepare(item: unknown, itemPosition: number): PreparedItem {
        const copy = this.#schema && copyItem(item);
        const text = copy === undefined ? snapshot(item) : snapshot(copy.data, copy.isPlain);
        if (typeof text !== 'string') {
            return rejected(text.text, itemPosition, text.reason, [guardError(text.reason, text.message)]);
        }
        if (exceedsPlatformLimit(text)) {
            const message = `is larger than ${PLATFORM_MAX_PAYLOAD_BYTES} bytes, the most that one request can carry`;
            return rejected(text, itemPosition, 'too-large', [guardError('too-large', message)]);
        }
        const errors = copy && validateItem(copy, text, this.#schema!);
        if (errors === undefined) return { text, rejection: undefined };
        const repairedText = this.#repair(text, errors);
        if (repairedText !== undefined) return { text: repairedText, rejection: undefined };
        const prepared = rejected(text, itemPosition, 'schema', errors);
        if (this.#options.mode !== 'warn') return prepared;
        return { text, rejection: undefined, warning: prepared.rejection! };
    }

    #repair(text: string, errors: readonly ItemError[]): string | undefined {
        const { repair } = this.#options;
        if (repair === undefined) return undefined;
        let repaired: unknown;
        try {
            repaired = synchronous(repair(JSON.parse(text), errors));
        } catch (error) {
            this.#callbackErrors.add('repair', error);
        }
        if (repaired === undefined) return undefined;
        const copy = copyItem(repaired);
        const repairedText = snapshot(copy.data, copy.isPlain);
        if (typeof repairedText !== 'string' || exceedsPlatformLimit(repairedText)) return undefined;
        return validateItem(copy, repairedText, this.#schema!) === undefined ? repairedText : undefined;
    }
}

function rejected(
    text: string | undefined,
    itemPosition: number,
    reason: Rejection['reason'],
    errors: ItemError[],
): PreparedItem {
    return { text, rejection: { reason, rejectedBy: 'guard', errors, itemPosition } };
}

function guardError(keyword: string, message: string): ItemError {
    return { instancePath: '', schemaPath: '', keyword, params: {}, message };
}

/** The brackets of its array are two bytes more. */
function exceedsPlatformLimit(text: string): boolean {
    if (text.length * 3 + 2 <= PLATFORM_MAX_PAYLOAD_BYTES) return false;
    return Buffer.byteLength(text) + 2 > PLATFORM_MAX_PAYLOAD_BYTES;
}
