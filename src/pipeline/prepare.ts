import type { ResolvedOptions } from '../options.js';
import { PLATFORM_MAX_PAYLOAD_BYTES } from '../options.js';
import type { ItemSchema } from '../ports.js';
import type { Rejection } from '../quarantine/record.js';
import type { ItemError } from '../records.js';
import { copyItem } from './copy.js';
import type { Repairer } from './repair/repairer.js';
import type { Key } from './unique/key-set.js';
import type { RepairedItem } from './repair/repairs.js';
import { snapshot } from './snapshot.js';
import { validateItem } from './validate.js';

/** An item on its way: its JSON, and why it goes to quarantine if it does. */
export interface PreparedItem {
    /** Absent where the item has no JSON. */
    readonly text: string | undefined;
    readonly rejection: Rejection | undefined;
    /** With `mode: 'warn'`: why the item, which is sent all the same, fails the schema. */
    readonly warning?: Rejection;
    /** Set where `text` is that of the repaired item. */
    readonly repaired?: RepairedItem;
    /** Set where the option `unique` is, and the item, which is valid, has a key. */
    readonly key?: Key | undefined;
}

/** Makes an item's JSON, once, and validates it. With `repair`, repairs what fails. */
export class ItemPreparer {
    readonly #mode: ResolvedOptions['mode'];
    readonly #repairer: Repairer | undefined;
    readonly #keyOf: ((item: unknown) => Key | undefined) | undefined;
    #schema: ItemSchema | undefined;

    /** `keyOf` gets what an item's JSON will be when it is parsed. */
    constructor(
        mode: ResolvedOptions['mode'],
        schema: ItemSchema | undefined,
        repairer: Repairer | undefined,
        keyOf?: (item: unknown) => Key | undefined,
    ) {
        this.#mode = mode;
        this.#schema = schema;
        this.#repairer = repairer;
        this.#keyOf = keyOf;
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
        const copy = this.#schema === undefined && this.#keyOf === undefined ? undefined : copyItem(item);
        const text = copy === undefined ? snapshot(item) : snapshot(copy.data, copy.isPlain);
        if (typeof text !== 'string') {
            return rejected(text.text, itemPosition, text.reason, [guardError(text.reason, text.message)]);
        }
        if (exceedsPlatformLimit(text)) {
            const message = `is larger than ${PLATFORM_MAX_PAYLOAD_BYTES} bytes, the most that one request can carry`;
            return rejected(text, itemPosition, 'too-large', [guardError('too-large', message)]);
        }
        if (copy === undefined) return { text, rejection: undefined };
        if (!copy.isPlain) {
            // What the platform will see is parsed once, for the schema and the key.
            copy.data = JSON.parse(text);
            copy.isPlain = true;
        }
        const errors = this.#schema && validateItem(copy, text, this.#schema);
        if (errors === undefined) return { text, rejection: undefined, key: this.#keyOf?.(copy.data) };
        return this.#repair(text, itemPosition, errors) ?? this.#rejectInvalid(text, itemPosition, errors);
    }

    /** `undefined` where nothing is tried. What could not be repaired is rejected as it was pushed. */
    #repair(text: string, itemPosition: number, errors: ItemError[]): PreparedItem | undefined {
        if (this.#repairer === undefined) return undefined;
        const result = this.#repairer.repair(JSON.parse(text), Buffer.byteLength(text));
        if (result === undefined) return undefined;
        if (!result.isRepaired) return this.#rejectInvalid(text, itemPosition, errorsAmong(errors, result.errors));
        const repairedText = snapshot(result.item, true);
        if (typeof repairedText !== 'string' || exceedsPlatformLimit(repairedText)) return undefined;
        const data: unknown = JSON.parse(repairedText);
        if (validateItem({ data, isPlain: true }, repairedText, this.#schema!) !== undefined) return undefined;
        const repaired = { asPushed: text, repairs: result.repairs };
        return { text: repairedText, rejection: undefined, repaired, key: this.#keyOf?.(data) };
    }

    #rejectInvalid(text: string, itemPosition: number, errors: ItemError[]): PreparedItem {
        const prepared = rejected(text, itemPosition, 'schema', errors);
        if (this.#mode !== 'warn') return prepared;
        return { text, rejection: undefined, warning: prepared.rejection!, key: this.#keyOf?.(JSON.parse(text)) };
    }
}

/** Those of `errors`, whose sizes are bounded, that are also in `others`; all of them where none is. */
function errorsAmong(errors: ItemError[], others: readonly ItemError[]): ItemError[] {
    const keyOf = ({ instancePath, schemaPath, params }: ItemError) =>
        JSON.stringify([instancePath, schemaPath, params]);
    const keys = new Set(others.map(keyOf));
    const common = errors.filter((error) => keys.has(keyOf(error)));
    return common.length > 0 ? common : errors;
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
