import type { ResolvedOptions } from '../options.js';
import { PLATFORM_MAX_PAYLOAD_BYTES } from '../options.js';
import type { RejectedItem } from '../pipeline/quarantine/record.js';
import { ItemCopier } from '../pipeline/copy/item-copier.js';
import { snapshot } from '../pipeline/snapshot.js';
import { validateItem } from '../pipeline/validate.js';
import { synchronous } from '../ports.js';
import type { ItemSchema, Log, Owner } from '../ports.js';
import type { Dictionary, ItemError } from '../records.js';
import type { CallbackErrors } from '../report/callback-errors.js';
import type { Statistics } from '../report/statistics.js';
import { describeReason } from '../report/statistics.js';

/** An item that may go on its way, as JSON, or why not. */
export type Examined = string | RejectedItem;

export interface IntakeParts {
    options: ResolvedOptions;
    schema: ItemSchema | undefined;
    statistics: Statistics;
    callbackErrors: CallbackErrors;
    log: Log;
}

/** The first two stages, snapshot and validate, and what `repair` and `mode` make of their verdict. */
export class Intake {
    readonly #parts: IntakeParts;
    readonly #copier = new ItemCopier();
    #schema: ItemSchema | undefined;

    constructor(parts: IntakeParts) {
        this.#parts = parts;
        this.#schema = parts.schema;
    }

    /** What quarantine records say of the schema. */
    get schemaOrigin(): { schemaHash?: string } {
        return this.#schema === undefined ? {} : { schemaHash: this.#schema.hash };
    }

    /** Validates with another schema from now on. */
    useSchema(schema: ItemSchema): void {
        this.#schema = schema;
    }

    /** Whether an item that was taken before fails the schema as it is now. */
    isInvalid(itemText: string): boolean {
        return this.#schema?.validate(JSON.parse(itemText)) !== undefined;
    }

    /** Makes the item's JSON, once, and validates it; with `repair`, gives what fails a second chance. */
    examine(item: unknown, itemPosition: number, owner: Owner | undefined): Examined {
        const { options } = this.#parts;
        const copy = this.#schema && this.#copier.copy(item);
        const text = copy === undefined ? snapshot(item) : snapshot(copy.data, copy.isPlain);
        if (typeof text !== 'string') {
            const errors = [guardError(text.reason, text.message)];
            return { text: text.text, reason: text.reason, rejectedBy: 'guard', errors, itemPosition, owner };
        }
        if (exceedsPlatformLimit(text)) {
            const message = `is larger than ${PLATFORM_MAX_PAYLOAD_BYTES} bytes, the most that one request can carry`;
            const errors = [guardError('too-large', message)];
            return { text, reason: 'too-large', rejectedBy: 'guard', errors, itemPosition, owner };
        }
        const errors = copy && validateItem(copy, text, this.#schema!);
        if (errors === undefined) return text;
        const repaired = this.#repair(text, errors);
        if (repaired !== undefined) return repaired;
        const rejected: RejectedItem = { text, reason: 'schema', rejectedBy: 'guard', errors, itemPosition, owner };
        if (options.mode !== 'warn') return rejected;
        this.count(rejected);
        return text;
    }

    /** Counts the reasons of a rejected item, and names each in the log when it is first seen. */
    count({ reason, rejectedBy, errors, text, owner }: RejectedItem): void {
        const { log, statistics } = this.#parts;
        const item = () => this.#shown(text);
        const url = owner?.request?.url;
        for (const added of statistics.countReasons({ reason, rejectedBy, errors, item, url })) {
            log.warning(`Rejected by the ${rejectedBy}: ${describeReason(added)}. Counted from now on.`);
        }
    }

    #repair(text: string, errors: readonly ItemError[]): string | undefined {
        const { options } = this.#parts;
        if (options.repair === undefined) return undefined;
        let repaired: unknown;
        try {
            repaired = synchronous(options.repair(JSON.parse(text), errors));
        } catch (error) {
            this.#parts.callbackErrors.add('repair', error);
        }
        if (repaired === undefined) return undefined;
        const copy = this.#copier.copy(repaired);
        const repairedText = snapshot(copy.data, copy.isPlain);
        if (typeof repairedText !== 'string' || exceedsPlatformLimit(repairedText)) return undefined;
        return validateItem(copy, repairedText, this.#schema!) === undefined ? repairedText : undefined;
    }

    /** The item as the report may show it: nothing where `redact` fails, because what it would have hidden is unknown. */
    #shown(text: string | undefined): unknown {
        const { redact } = this.#parts.options;
        if (text === undefined) return undefined;
        const item: Dictionary = JSON.parse(text);
        try {
            return redact === undefined ? item : synchronous(redact(item));
        } catch {
            return undefined;
        }
    }
}

function guardError(keyword: string, message: string): ItemError {
    return { instancePath: '', schemaPath: '', keyword, params: {}, message };
}

/** The body of a request with this item alone, brackets included. Its exact length is only counted near the limit. */
function exceedsPlatformLimit(text: string): boolean {
    if (text.length * 3 + 2 <= PLATFORM_MAX_PAYLOAD_BYTES) return false;
    return Buffer.byteLength(text) + 2 > PLATFORM_MAX_PAYLOAD_BYTES;
}
