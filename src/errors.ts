import type { ItemError } from './records.js';
import { createSecretRemover, readOwnSecrets, removeFromError } from './utils/secrets.js';
import { escapeControls } from './utils/text.js';

/** The kind of the error, the same across versions: compare this, not the message. */
export type DatasetGuardErrorCode =
    | 'INVALID_OPTIONS'
    | 'SCHEMA_LOAD'
    | 'ITEMS_REJECTED'
    | 'TOLERANCE_EXCEEDED'
    | 'DELIVERY'
    | 'QUARANTINE'
    | 'GUARD_CLOSED'
    | 'NOT_INITIALIZED'
    | 'REDRIVE';

/** Base of all errors of this library. `code` is stable across versions. */
export class DatasetGuardError extends Error {
    /** The name of the class, also where two copies of the package are installed. */
    override name = 'DatasetGuardError';

    constructor(
        /** Stable across versions. */
        readonly code: DatasetGuardErrorCode,
        message: string,
        options?: ErrorOptions,
    ) {
        const removeSecrets = createSecretRemover(readOwnSecrets(process.env));
        // It may quote a file, the platform or an item. Whatever it is: an error that throws as it is made hides what went wrong.
        super(escapeControls(removeSecrets(String(message))), options);
        // Where nobody catches the error, Node.js prints its cause, too.
        if (options?.cause instanceof Error) removeFromError(options.cause, removeSecrets);
    }
}

/** An option has the wrong type, is out of range or is unknown. Trying again does not help. */
export class InvalidOptionsError extends DatasetGuardError {
    override name = 'InvalidOptionsError';

    constructor(
        /** Path of the option: `maxPayloadBytes`, `tolerance.maxRatio`. */
        readonly option: string,
        message: string,
    ) {
        super('INVALID_OPTIONS', message);
    }
}

/** The dataset's schema cannot be read or cannot work. Trying again does not help; the message names file and place. */
export class SchemaLoadError extends DatasetGuardError {
    override name = 'SchemaLoadError';

    constructor(
        /** The file, dataset or build that holds the schema. */
        readonly source: string,
        message: string,
        options?: ErrorOptions,
    ) {
        super('SCHEMA_LOAD', `${source}: ${message}`, options);
    }
}

/** An item of a `pushData` call that `mode: 'fail'` rejected. */
export interface RejectedItem {
    /** Zero-based position in the call (or in the request, where the platform rejected it). */
    itemPosition: number;
    /** The errors of the item. */
    errors: ItemError[];
}

/** How far a call got that rejects, so that nobody pushes twice what is there. */
export interface CallProgress {
    /** Items of the call that are stored; with `ack: 'buffered'`, that the guard holds. @default 0 */
    storedItems?: number | undefined;
    /** Zero-based positions in the call of the items that are neither stored nor in quarantine, ascending. They have to be pushed again. @default [] */
    unstored?: readonly number[] | undefined;
    cause?: unknown;
}

/** Base of the errors with which a call rejects that may have stored some of its items. */
abstract class CallError extends DatasetGuardError {
    /** Items of the call that are stored; with `ack: 'buffered'`, that the guard holds. */
    readonly storedItems: number;
    /** Zero-based positions in the call of the items that are neither stored nor in quarantine, ascending. They have to be pushed again. */
    readonly unstored: readonly number[];

    constructor(code: DatasetGuardErrorCode, message: string, { storedItems = 0, unstored = [], cause }: CallProgress) {
        super(code, message, cause === undefined ? undefined : { cause });
        this.storedItems = storedItems;
        this.unstored = Object.freeze([...unstored]);
    }
}

/**
 * `mode: 'fail'`: items of the call failed. Trying again with the same items does not help.
 * Where the guard rejected them, no item of the call was stored; where the platform did, the others were.
 */
export class ItemsRejectedError extends CallError {
    override name = 'ItemsRejectedError';
    /** The items that failed, in the order of the call. */
    readonly rejectedItems: readonly RejectedItem[];

    constructor(message: string, fields: CallProgress & { rejectedItems: readonly RejectedItem[] }) {
        super('ITEMS_REJECTED', message, fields);
        this.rejectedItems = fields.rejectedItems;
    }
}

/** More items are in quarantine than `tolerance` allows. Trying again does not help: the source or the schema changed. */
export class ToleranceExceededError extends CallError {
    override name = 'ToleranceExceededError';
    /** Items of this run that were rejected. */
    readonly quarantinedItems: number;
    /** Items of this run that were received, without those that were given back. */
    readonly receivedItems: number;

    constructor(message: string, fields: CallProgress & { quarantinedItems: number; receivedItems: number }) {
        super('TOLERANCE_EXCEEDED', message, fields);
        this.quarantinedItems = fields.quarantinedItems;
        this.receivedItems = fields.receivedItems;
    }
}

/**
 * The platform could not be reached or refused the request for a reason that is not the items'. `cause` has the reason.
 * Trying again helps once that passes; `flush()` sends what was kept.
 */
export class DeliveryError extends CallError {
    override name = 'DeliveryError';
    /** Items that the guard still holds and will send with the next flush. */
    readonly keptItems: number;
    /** Whether the reason cannot pass by itself (401, 402, 403, 404). */
    readonly permanent: boolean;

    constructor(message: string, fields: CallProgress & { keptItems: number; permanent: boolean }) {
        super('DELIVERY', message, fields);
        this.keptItems = fields.keptItems;
        this.permanent = fields.permanent;
    }
}

/** Quarantine records could not be written. Trying again helps once the reason in `cause` passes; the records are kept. */
export class QuarantineError extends CallError {
    override name = 'QuarantineError';

    constructor(message: string, fields: CallProgress = {}) {
        super('QUARANTINE', message, fields);
    }
}

/** `pushData` after `close()`. Trying again does not help: open another guard. */
export class GuardClosedError extends DatasetGuardError {
    override name = 'GuardClosedError';

    constructor() {
        super(
            'GUARD_CLOSED',
            'This guard was closed. Expected pushData() before close(); open another guard to push more items.',
        );
    }
}

/**
 * A quarantine cannot be redriven now: another redrive is at work, or what was redriven before cannot be read. Trying again
 * helps once that has passed; the message says what to do.
 */
export class RedriveError extends DatasetGuardError {
    override name = 'RedriveError';

    constructor(message: string, options?: ErrorOptions) {
        super('REDRIVE', message, options);
    }
}

/** Throws what an option must be and what it is. */
export function failOption(option: string, expected: string, value: unknown): never {
    throw new InvalidOptionsError(option, `Option "${option}" must be ${expected}, but got: ${describe(value)}.`);
}

/** Names a wrong value without repeating what may be secret: short scalars as they are, all else by its kind. */
function describe(value: unknown): string {
    if (typeof value === 'string') {
        return value.length <= 40 ? JSON.stringify(value) : `a string of ${value.length} characters`;
    }
    if (typeof value === 'function') return 'a function';
    if (value instanceof Promise) return 'a promise';
    if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
    if (value instanceof Map || value instanceof Set || value instanceof Date) return `a ${value.constructor.name}`;
    if (typeof value === 'object' && value !== null) {
        return `an object with the keys: ${Object.keys(value).join(', ') || '(none)'}`;
    }
    return String(value);
}
