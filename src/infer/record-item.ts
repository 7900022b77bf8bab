import { isQuarantineRecord } from '../records.js';

/** The item that a record of the quarantine holds, `undefined` where it holds none; any other value as it is. */
export function itemOfRecord(value: unknown): unknown {
    return isQuarantineRecord(value) ? value.item : value;
}
