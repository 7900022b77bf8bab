import type { Payload } from '../../src/ports.js';

/** The items of a payload, as its receiver reads them. */
export function itemsOf(payload: Payload): unknown[] {
    return JSON.parse(payload.body.toString('utf8')) as unknown[];
}

/** The JSON of each item of a payload. */
export function textsOf(payload: Payload): string[] {
    return Array.from({ length: payload.itemCount }, (_, index) => payload.itemText(index));
}
