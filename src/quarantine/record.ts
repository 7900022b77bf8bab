import { randomUUID } from 'node:crypto';

import type { QuarantineStore } from '../ports.js';
import type { Redactor } from '../quality/redact.js';
import type { ItemError, QuarantineReason, QuarantineRecord } from '../records.js';
import { firstErrors } from '../utils/first-errors.js';
import { shorten } from '../utils/text.js';
import type { Writable } from '../utils/writable.js';

/** Why an item goes to quarantine. */
export interface Rejection {
    reason: QuarantineReason;
    rejectedBy: 'guard' | 'platform';
    errors: ItemError[];
    /** Zero-based: in the push (`rejectedBy: 'guard'`) or in the request (`'platform'`). */
    itemPosition: number;
    /** Set where another process of the run may write the record of the same item, too. @default a random one */
    recordId?: string;
}

/** What the records of a run have in common. */
export type RecordOrigin = Pick<
    QuarantineRecord,
    'datasetId' | 'datasetName' | 'actorId' | 'actorRunId' | 'actorBuildId' | 'schemaHash'
>;

/** A record but for its item, which is written around the item's own text. */
export type RecordHead = Omit<QuarantineRecord, 'item'>;

/** A record names no more errors than this: of a long array each element may fail. */
const MAX_ERRORS = 100;
/** UTF-8 bytes of all errors together at most, so that a record is little more than its item. */
const MAX_ERRORS_BYTES = 32_768;
const MAX_PATH_LENGTH = 200;

export function createRecord(
    rejection: Rejection,
    itemBytes: number,
    origin: RecordOrigin,
    source: { request?: QuarantineRecord['request']; record?: Partial<QuarantineRecord> } | undefined,
    now: number,
): RecordHead {
    const { reason, rejectedBy, errors, itemPosition, recordId = randomUUID() } = rejection;
    const { item: _, ...instead } = source?.record ?? {};
    return {
        id: recordId,
        itemBytes,
        reason,
        rejectedBy,
        errors: boundErrors(errors),
        itemPosition,
        ...(source?.request && { request: source.request }),
        ...origin,
        attempt: 1,
        quarantinedAt: new Date(now).toISOString(),
        // What came from the quarantine goes back as it was there, to be mended from the same beginning.
        ...instead,
    };
}

/** Where a record's item goes, and what of it. */
export interface RecordTarget {
    maxPayloadBytes: number;
    redactor: Redactor;
    store: Pick<QuarantineStore, 'storeItem'>;
}

/** A record in the making: it is complete once its item is in its text, or stored beside it. */
export class RecordDraft {
    readonly head: RecordHead;
    /** The record's JSON, once it is complete. */
    readonly text: string | undefined;
    /** The item's JSON, until it is in the record's text or beside it. */
    #itemText: string | undefined;
    /** What is to be stored beside the record, which cannot hold it, and where. */
    #beside: { itemText: string; place: 'run' | 'quarantine' } | undefined;

    constructor(head: RecordHead, itemText: string | undefined, text?: string) {
        this.head = head;
        this.#itemText = itemText;
        this.text = text;
    }

    /** Reads what `toSaved` gave. @throws SyntaxError, TypeError */
    static fromSaved(saved: string): RecordDraft {
        const { head, itemText, text } = JSON.parse(saved) as { head: RecordHead; itemText?: string; text?: string };
        return new RecordDraft(head, itemText, text);
    }

    /** The draft as JSON, for the process that completes it. */
    toSaved(): string {
        return JSON.stringify({ head: this.head, itemText: this.#itemText, text: this.text });
    }

    /** Puts the item into the text, and returns the text; undefined where the item is too large for it, or `redact` fails: see `storeItem`. */
    complete(target: Pick<RecordTarget, 'maxPayloadBytes' | 'redactor'>): string | undefined {
        if (this.text !== undefined || this.#beside !== undefined) return this.text;
        const { head } = this;
        const itemText = this.#itemText;
        const redacted = itemText && target.redactor.text(itemText);
        const text = recordText(head, redacted);
        const fits = head.reason !== 'too-large' && Buffer.byteLength(text) + 2 <= target.maxPayloadBytes;
        if (itemText === undefined || (redacted !== undefined && fits)) {
            (this as Writable<RecordDraft>).text = text;
        } else {
            // What `redact` would have hidden is unknown, so the item stays with the run.
            this.#beside = { itemText: redacted ?? itemText, place: redacted === undefined ? 'run' : 'quarantine' };
        }
        return this.text;
    }

    /** Stores the item that the text cannot hold beside the record, which is complete then. @throws whatever the store does */
    async storeItem({ store }: Pick<RecordTarget, 'store'>): Promise<void> {
        const { itemText, place } = this.#beside!;
        Object.assign(this.head, await store.storeItem(`item-${this.head.id}`, itemText, place));
        // The item is not stored again when the record's own request fails.
        this.#itemText = undefined;
        this.#beside = undefined;
        (this as Writable<RecordDraft>).text = recordText(this.head, undefined);
    }
}

/** The record's JSON. The item's text goes in as it is. */
function recordText(head: RecordHead, itemText: string | undefined): string {
    const text = JSON.stringify(head);
    return itemText === undefined ? text : `{"item":${itemText},${text.slice(1)}`;
}

function boundErrors(errors: readonly ItemError[]): ItemError[] {
    let bounded = firstErrors(errors, MAX_ERRORS).map(boundError);
    // What closes the errors that are left may be longer than they are.
    for (let count = countWithin(bounded, MAX_ERRORS_BYTES); count < bounded.length;) {
        bounded = firstErrors(errors, count).map(boundError);
        count = countWithin(bounded, MAX_ERRORS_BYTES);
    }
    const omittedErrors = errors.length - bounded.length;
    if (omittedErrors === 0) return bounded;
    const message = `and ${omittedErrors} more`;
    return [...bounded, { instancePath: '', schemaPath: '', keyword: 'more', params: { omittedErrors }, message }];
}

/** The number of errors that fit into the bytes: at least one. */
function countWithin(errors: readonly ItemError[], maxBytes: number): number {
    let bytes = 0;
    const end = errors.findIndex((error) => (bytes += Buffer.byteLength(JSON.stringify(error))) > maxBytes);
    return end === -1 ? errors.length : Math.max(1, end);
}

/** The platform's errors come as they are; a key of an item, and with it a path, may be of any length. */
function boundError({ instancePath, schemaPath, keyword, params, message }: ItemError): ItemError {
    const isSmall = JSON.stringify(params).length <= 2_000;
    return {
        instancePath: shorten(instancePath, MAX_PATH_LENGTH),
        schemaPath: shorten(schemaPath, MAX_PATH_LENGTH * 5),
        keyword: shorten(keyword, MAX_PATH_LENGTH),
        params: isSmall ? params : boundParams(params),
        ...(message !== undefined && { message: shorten(message, MAX_PATH_LENGTH * 5) }),
    };
}

function boundParams(params: Record<string, unknown>): Record<string, unknown> {
    const bounded = Object.entries(params).map(([name, value]): [string, unknown] => {
        if (typeof value === 'string') return [name, shorten(value, MAX_PATH_LENGTH)];
        if (Array.isArray(value))
            return [name, value.slice(0, 20).map((each) => shorten(String(each), MAX_PATH_LENGTH))];
        return [name, typeof value === 'object' ? null : value];
    });
    return Object.fromEntries(bounded.slice(0, 20));
}
