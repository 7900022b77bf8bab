import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { PayloadWriter } from '../../src/delivery/payload.js';
import { countItems } from '../../src/delivery/read-back.js';
import type { OpenRequest } from '../../src/delivery/stored-history.js';
import { StoredHistory } from '../../src/delivery/stored-history.js';

const ITEMS = ['{"n":0}', '{"n":1}', '{"n":2}'];
const wanted = countItems(PayloadWriter.of(ITEMS));

/** A request that is under way, and what a reader has to know of the others. */
interface Model {
    request: OpenRequest;
    /** Number of the newest request that had been stored when it began. */
    before: number;
    payload: PayloadWriter;
}

const step = fc.oneof(
    fc.record({
        what: fc.constant('begin' as const),
        items: fc.array(fc.constantFrom(...ITEMS), { minLength: 1, maxLength: 5 }),
    }),
    fc.record({ what: fc.constantFrom('stored' as const, 'found' as const, 'end' as const), which: fc.nat(4) }),
    fc.record({ what: fc.constant('foreign' as const), count: fc.nat(9) }),
    fc.record({ what: fc.constant('saw' as const), lag: fc.nat(5) }),
);

describe('the history of stored requests', () => {
    it('knows the copies that the request before an open one, and those stored since it began, have stored', () => {
        fc.assert(
            fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
                const history = new StoredHistory(0);
                const open: Model[] = [];
                const stored: PayloadWriter[] = [];
                for (const each of steps) {
                    if (each.what === 'begin' && open.length < 5) {
                        const request = history.begin();
                        open.push({ request, before: stored.length, payload: PayloadWriter.of(each.items) });
                    } else if ('which' in each && open.length > 0) {
                        const [ended] = open.splice(each.which % open.length, 1);
                        if (each.what === 'end') history.end(ended!.request);
                        else {
                            history[each.what](ended!.request, ended!.payload);
                            stored.push(ended!.payload);
                        }
                    }
                    expect(history.storedRequests).toBe(stored.length);
                    for (const { request, before } of open) {
                        const expected = new Map<string, number>();
                        for (const payload of stored.slice(Math.max(0, before - 1))) countItems(payload, expected);
                        expect(history.otherCopies(request, wanted)).toEqual(expected);
                    }
                }
            }),
        );
    });

    it('never puts the position behind the end of the dataset', () => {
        fc.assert(
            fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
                const history = new StoredHistory(0);
                const open: Model[] = [];
                let size = 0;
                for (const each of steps) {
                    if (each.what === 'begin' && open.length < 5) {
                        open.push({ request: history.begin(), before: 0, payload: PayloadWriter.of(each.items) });
                    } else if (each.what === 'foreign') size += each.count;
                    else if (each.what === 'saw') history.saw(Math.max(0, size - each.lag));
                    else if ('which' in each && open.length > 0) {
                        const [ended] = open.splice(each.which % open.length, 1);
                        // Of a request that is found the items are there before the dataset is read.
                        if (each.what !== 'end') size += ended!.payload.itemCount;
                        if (each.what === 'found') history.saw(size);
                        if (each.what === 'end') history.end(ended!.request);
                        else history[each.what](ended!.request, ended!.payload);
                    }
                    expect(history.position).toBeLessThanOrEqual(size);
                }
            }),
        );
    });

    it('puts the position behind the own items exactly while nobody else writes', () => {
        const history = new StoredHistory(10);
        const payload = PayloadWriter.of(ITEMS);
        history.stored(history.begin(), payload);
        const found = history.begin();
        history.saw(16);
        history.found(found, payload);
        expect(history.position).toBe(16);
        history.end(history.begin());
        const [first, second] = [history.begin(), history.begin()];
        // What was seen may be the items of either, which are counted when they are confirmed.
        history.saw(22);
        history.stored(first, payload);
        history.found(second, payload);
        expect(history.position).toBe(22);
    });

    it('admits that it does not know any more once more than 32 MB were stored beside an open request', () => {
        const history = new StoredHistory(0);
        const large = PayloadWriter.of([`{"text":"${'x'.repeat(8_000_000)}"}`]);
        const store = () => history.stored(history.begin(), large);
        const request = history.begin();
        for (let n = 0; n < 4; n++) store();
        expect(history.otherCopies(request, wanted)).toEqual(new Map());
        store();
        expect(history.otherCopies(request, wanted)).toBeUndefined();
        // A request that begins now is told from the one before it.
        expect(history.otherCopies(history.begin(), countItems(large))).toEqual(countItems(large));
        history.end(request);
    });

    it('drops the oldest first, so that it knows what was stored last', () => {
        const history = new StoredHistory(0);
        const slow = history.begin();
        const large = PayloadWriter.of([`{"n":0,"text":"${'x'.repeat(20_000_000)}"}`, ITEMS[1]!]);
        for (let n = 0; n < 2; n++) history.stored(history.begin(), large);
        expect(history.otherCopies(slow, wanted)).toBeUndefined();
        expect(history.otherCopies(history.begin(), wanted)).toEqual(new Map([[[...wanted.keys()][1]!, 1]]));
    });
});
