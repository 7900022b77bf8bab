import { kindOf } from '../schema/place.js';

/** Refuses text as well, which is iterable, but its characters are no items. @throws TypeError */
export function expectIterable(caller: string, given: unknown): void {
    if (typeof given === 'object' && given !== null) {
        if (Symbol.iterator in given || Symbol.asyncIterator in given) return;
    }
    const kind = given === null || given === undefined ? String(given) : kindOf(given);
    throw new TypeError(`${caller} expects an array or another iterable of items, but got ${kind}.`);
}
