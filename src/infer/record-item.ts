import type { QuarantineRecord } from '../records.js';
import { isObject } from '../schema/place.js';

/** The item that a record of the quarantine holds, `undefined` where it holds none; any other value as it is. */
export function itemOfRecord(value: unknown): unknown {
    if (!isObject(value)) return value;
    const { reason, errors, rejectedBy, quarantinedAt, item } = value as Partial<QuarantineRecord>;
    const isRecord =
        Array.isArray(errors) && [reason, rejectedBy, quarantinedAt].every((one) => typeof one === 'string');
    return isRecord ? item : value;
}
