import { describe, expect, it } from 'vitest';

import type { Dictionary } from '../../../src/records.js';
import { deferred, turns } from '../../support/stage-clock.js';
import { RecordingOwner } from '../../support/stage-parts.js';
import { startQuarantine } from '../../support/stage-quarantine.js';

const AWAY = new Error('The quarantine is away');
const numbers = (records: Dictionary[]) => records.map(({ item }) => item.n as number);
const ERROR = {
    instancePath: '/n',
    schemaPath: '#/properties/n/type',
    keyword: 'type',
    params: {},
    message: 'must be string',
};

describe('what is taken back', () => {
    it('is what somebody waits for; the rest is written', async () => {
        const { quarantine, add, stored } = startQuarantine();
        const ann = new RecordingOwner('ann');
        for (const [n, owner] of [ann, undefined, ann].entries()) add({ n }, { owner });
        expect(quarantine.takeBack(AWAY)).toBe(2);
        expect(ann.settlements).toEqual([
            { takenBack: 1, error: AWAY },
            { takenBack: 1, error: AWAY },
        ]);
        expect([quarantine.pendingItems, quarantine.pendingBytes]).toEqual([1, 7]);
        await quarantine.flush();
        expect(numbers(stored())).toEqual([1]);
    });

    it('costs no other item its record, though a request is under way', async () => {
        const { quarantine, add, stored, state } = startQuarantine();
        const gate = deferred<void>();
        state.gate = async () => gate.promise;
        add({ n: 1 }, { owner: new RecordingOwner('ann') });
        const flush = quarantine.flush();
        await turns();
        add({ n: 2 });
        quarantine.takeBack(AWAY);
        gate.resolve();
        await flush;
        expect(numbers(stored())).toContain(2);
        expect([quarantine.pendingItems, quarantine.pendingBytes]).toEqual([0, 0]);
    });
});

describe('what another process of the run needs', () => {
    it('is a line for each item, from which that process writes the same records', async () => {
        const first = startQuarantine();
        for (let n = 0; n < 3; n++) first.add({ n }, { errors: [ERROR] });
        const { lines } = await first.quarantine.unsaved();
        await first.quarantine.flush();

        const second = startQuarantine();
        let done = 0;
        second.quarantine.restore(lines, () => void done++);
        expect([second.quarantine.pendingItems, second.quarantine.pendingBytes, done]).toEqual([3, 21, 0]);
        await second.quarantine.flush();
        expect(second.stored()).toEqual(first.stored());
        expect(done).toBe(1);
    });

    it('is told when all of it is in quarantine after all, and is not asked for twice', async () => {
        const { quarantine, add } = startQuarantine();
        const done: string[] = [];
        add({ n: 0 });
        const first = await quarantine.unsaved();
        first.markSaved(() => done.push('first'));
        add({ n: 1 });
        const second = await quarantine.unsaved();
        expect([first, second, await quarantine.unsaved()].map(({ lines }) => lines.length)).toEqual([1, 1, 1]);
        await quarantine.flush();
        expect(done).toEqual(['first']);
        second.markSaved(() => done.push('second'));
        expect(done).toEqual(['first', 'second']);
    });

    it('is asked for again once a part of what was saved together is in quarantine', async () => {
        const { quarantine, add, state } = startQuarantine();
        const done: string[] = [];
        for (let n = 0; n < 2; n++) add({ n, text: 'x'.repeat(500) });
        (await quarantine.unsaved()).markSaved(() => done.push('both'));
        expect((await quarantine.unsaved()).lines).toEqual([]);
        let writes = 0;
        state.gate = async () => {
            if (++writes > 1) throw new Error('The store is away');
        };
        await expect(quarantine.flush()).rejects.toThrow('away');
        const rest = await quarantine.unsaved();
        expect(rest.lines.map((line) => JSON.parse(JSON.parse(line).text).n)).toEqual([1]);
        rest.markSaved(() => done.push('rest'));
        expect(done).toEqual(['both']);
        state.gate = async () => undefined;
        await quarantine.flush();
        expect(done).toEqual(['both', 'rest']);
    });

    it('is nothing of what somebody waits for: they push it again', async () => {
        const { quarantine, add } = startQuarantine();
        add({ n: 0 }, { owner: new RecordingOwner() });
        add({ n: 1 });
        expect((await quarantine.unsaved()).lines).toHaveLength(1);
    });
});

describe("the user's functions", () => {
    it('redact decides what of the item is written, in the record and beside it', async () => {
        const redact = ({ n }: Dictionary) => ({ n });
        const { quarantine, add, stored, store } = startQuarantine({ redact });
        add({ n: 1, secret: 'x' });
        add({ n: 2, secret: 'x' }, { reason: 'too-large' });
        await quarantine.flush();
        expect(stored()[0]?.item).toEqual({ n: 1 });
        expect([...store.items.values()]).toEqual(['{"n":2}']);
    });

    it.each<[string, (item: Dictionary) => Dictionary]>([
        [
            'throws',
            () => {
                throw AWAY;
            },
        ],
        ['makes what has no JSON', () => ({ n: 1n })],
        ['makes nothing', () => undefined as unknown as Dictionary],
    ])('redact leaves the record without its item when it %s', async (_, redact) => {
        const { quarantine, add, stored } = startQuarantine({ redact });
        add({ n: 1, secret: 'x' });
        await quarantine.flush();
        expect(stored()).toHaveLength(1);
        expect(stored()[0]).not.toHaveProperty('item');
        expect(JSON.stringify(stored())).not.toContain('secret');
    });

    it('onQuarantine is told of each record once it is stored, and costs no record when it throws', async () => {
        const told: unknown[] = [];
        const onQuarantine = async ({ item }: Dictionary) => {
            told.push([item, stored().length]);
            throw AWAY;
        };
        const { quarantine, add, stored, callbackErrors } = startQuarantine({ onQuarantine });
        for (let n = 0; n < 2; n++) add({ n });
        await quarantine.flush();
        expect(told).toEqual([
            [{ n: 0 }, 2],
            [{ n: 1 }, 2],
        ]);
        expect(callbackErrors).toEqual([
            ['onQuarantine', AWAY],
            ['onQuarantine', AWAY],
        ]);
        expect(quarantine.pendingItems).toBe(0);
    });
});
