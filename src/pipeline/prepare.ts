import type { ResolvedOptions } from '../options.js';
import { PLATFORM_MAX_PAYLOAD_BYTES } from '../options.js';
import type { ItemSchema } from '../ports.js';
import type { FieldCounts, FieldTally } from '../quality/fields.js';
import type { Rejection } from '../quarantine/record.js';
import type { ItemError } from '../records.js';
import type { Duplicates } from './duplicates.js';
import type { Repairer } from './repair/repairer.js';
import type { Key } from './unique/key-set.js';
import type { RepairedItem } from './repair/repairs.js';
import { copyItem, MAX_ITEM_BYTES, snapshot, snapshotOfRepaired } from './snapshot.js';

/** A UTF-16 code unit takes at most this number of bytes in UTF-8. */
const MAX_BYTES_PER_CODE_UNIT = 3;
/** Bytes are counted exactly only for items that may be large. */
const UNCOUNTED_BYTES = 1_000_000;

/** An item on its way: its JSON, and why it goes to quarantine if it does. */
export interface PreparedItem {
    /** Absent where the item has no JSON. */
    readonly text: string | undefined;
    readonly rejection: Rejection | undefined;
    /** With `mode: 'warn'`: the reason why the item fails the schema. It is sent nevertheless. */
    readonly warning?: Rejection;
    /** Set where `text` is that of the repaired item. */
    readonly repaired?: RepairedItem;
    /** Set where the option `unique` is, and the item, which is valid, has a key. */
    readonly key?: Key | undefined;
    /** The field counts to add once the item is stored. */
    readonly tally?: FieldTally | undefined;
}

/** Makes an item's JSON, once, and validates it. With `repair`, repairs what fails. */
export class ItemPreparer {
    readonly #mode: ResolvedOptions['mode'];
    readonly #repairer: Repairer | undefined;
    readonly #fields: FieldCounts | undefined;
    readonly #duplicates: Duplicates | undefined;
    #schema: ItemSchema | undefined;

    /** Without `fields` nothing is counted of an item, without `duplicates` it has no key. */
    constructor(
        mode: ResolvedOptions['mode'],
        schema: ItemSchema | undefined,
        repairer: Repairer | undefined,
        fields?: FieldCounts,
        duplicates?: Duplicates,
    ) {
        this.#mode = mode;
        this.#schema = schema;
        this.#repairer = repairer;
        this.#fields = fields;
        this.#duplicates = duplicates;
    }

    /** Validates, and repairs, with another schema from now on. */
    async useSchema(schema: ItemSchema): Promise<void> {
        await this.#repairer?.useSchema(schema.json);
        this.#schema = schema;
    }

    /** Whether an item that passed before fails the schema as it is now. */
    isInvalid(itemText: string): boolean {
        return this.#schema?.validate(JSON.parse(itemText), Buffer.byteLength(itemText)) !== undefined;
    }

    /** Whether an item that is stored counts as warned. */
    isWarned(itemText: string): boolean {
        return this.#mode === 'warn' && this.isInvalid(itemText);
    }

    prepare(item: unknown, itemPosition: number): PreparedItem {
        const copy = copyItem(item);
        const text = copy.failure ?? snapshot(copy.data, copy.isPlain);
        if (typeof text !== 'string') {
            return rejected(text.text, itemPosition, text.reason, [guardError(text.reason, text.message)]);
        }
        const byteLength = maxByteLength(text);
        if (byteLength > MAX_ITEM_BYTES) {
            const message = `is larger than ${PLATFORM_MAX_PAYLOAD_BYTES} bytes, the most that one request can carry`;
            return rejected(text, itemPosition, 'too-large', [guardError('too-large', message)]);
        }
        // An item that is not plain JSON data is validated as its JSON reads.
        const data: unknown = copy.isPlain ? copy.data : JSON.parse(text);
        const errors = this.#schema?.validate(data, byteLength);
        if (errors === undefined) return this.#accepted(data, text);
        return this.#repair(text, itemPosition, errors, data) ?? this.#rejectInvalid(text, itemPosition, errors, data);
    }

    /** `undefined` where nothing is tried. What could not be repaired is rejected as it was pushed. */
    #repair(text: string, itemPosition: number, errors: ItemError[], data: unknown): PreparedItem | undefined {
        if (this.#repairer === undefined) return undefined;
        const result = this.#repairer.repair(JSON.parse(text), Buffer.byteLength(text));
        if (result === undefined) return undefined;
        if (!result.isRepaired)
            return this.#rejectInvalid(text, itemPosition, errorsAmong(errors, result.errors), data);
        const repairedText = snapshotOfRepaired(result.item);
        if (repairedText === undefined) return undefined;
        const repaired: unknown = JSON.parse(repairedText);
        if (this.#schema!.validate(repaired, maxByteLength(repairedText)) !== undefined) return undefined;
        return { ...this.#accepted(repaired, repairedText), repaired: { asPushed: text, repairs: result.repairs } };
    }

    #rejectInvalid(text: string, itemPosition: number, errors: ItemError[], data: unknown): PreparedItem {
        const prepared = rejected(text, itemPosition, 'schema', errors);
        if (this.#mode !== 'warn') return prepared;
        return { ...this.#accepted(data, text), warning: prepared.rejection! };
    }

    #accepted(data: unknown, text: string): PreparedItem {
        // Both see what the item's JSON will be when it is parsed.
        const tally = this.#fields?.tally(data as object);
        return { text, rejection: undefined, tally, key: this.#duplicates?.keyOf(data) };
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

/** Returns an upper bound of the text's UTF-8 bytes; the exact number where it may exceed `UNCOUNTED_BYTES`. */
function maxByteLength(text: string): number {
    const maxBytes = text.length * MAX_BYTES_PER_CODE_UNIT;
    return maxBytes > UNCOUNTED_BYTES ? Buffer.byteLength(text) : maxBytes;
}
