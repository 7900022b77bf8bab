import fc from '../../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { DuplicateCounts } from '../../../src/pipeline/unique/duplicate-counts.js';
import { type Admission, DuplicateFilter, type KeyOutcome } from '../../../src/pipeline/unique/duplicate-filter.js';
import { type Key, KeySet } from '../../../src/pipeline/unique/key-set.js';
import { times } from '../../chaos/support/size.js';
import { Simulation } from './support/simulation.js';

interface Item {
    name: string;
}

const FAILURES: readonly KeyOutcome[] = ['rejected', 'given-back'];
const keyOf = (text: string) => new KeySet('run').keyOf(text);
const item = (name: string): Item => ({ name });

function filter(duplicates: 'drop' | 'quarantine' | 'count' = 'drop'): DuplicateFilter<Item> {
    return new DuplicateFilter<Item>(new KeySet('run'), duplicates);
}

/** Does what the filter says: an item that waits is told so. */
function admit(subject: DuplicateFilter<Item>, key: Key | undefined, one: Item): Admission {
    const admission = subject.admit(key);
    if (admission === 'wait') subject.wait(key!, one);
    return admission;
}

describe('DuplicateFilter', () => {
    it('lets the first item of a key go, and makes later ones wait until it is stored', () => {
        const subject = filter();
        const [first, second, third] = [item('1'), item('2'), item('3')];
        expect(admit(subject, keyOf('k'), first)).toBe('send');
        expect(admit(subject, keyOf('k'), second)).toBe('wait');
        expect(admit(subject, keyOf('k'), third)).toBe('wait');
        expect(subject.waitingItems).toBe(2);
        expect(subject.settle(keyOf('k'), 'stored')).toMatchObject({ duplicates: [second, third], next: undefined });
        expect(subject.waitingItems).toBe(0);
        expect(admit(subject, keyOf('k'), item('4'))).toBe('duplicate');
    });

    it.each(FAILURES)('lets the next item take the place of one that was %s', (outcome) => {
        const subject = filter();
        const [first, second, third] = [item('1'), item('2'), item('3')];
        admit(subject, keyOf('k'), first);
        admit(subject, keyOf('k'), second);
        admit(subject, keyOf('k'), third);
        expect(subject.settle(keyOf('k'), outcome)).toMatchObject({ duplicates: [], next: second });
        expect(subject.settle(keyOf('k'), 'stored')).toMatchObject({ duplicates: [third], next: undefined });
    });

    it.each(FAILURES)('forgets a key whose only item was %s', (outcome) => {
        const subject = filter();
        const first = item('1');
        admit(subject, keyOf('k'), first);
        subject.settle(keyOf('k'), outcome);
        expect(admit(subject, keyOf('k'), first)).toBe('send');
    });

    it('does not let an item go that was given back while it waited', () => {
        const subject = filter();
        const [first, second, third] = [item('1'), item('2'), item('3')];
        admit(subject, keyOf('k'), first);
        admit(subject, keyOf('k'), second);
        admit(subject, keyOf('k'), third);
        subject.withdraw(keyOf('k'), second);
        expect(subject.waitingItems).toBe(1);
        expect(subject.settle(keyOf('k'), 'rejected').next).toBe(third);
    });

    it('lets items of different keys, and items without a key, go beside each other', () => {
        const subject = filter();
        expect(admit(subject, keyOf('a'), item('1'))).toBe('send');
        expect(admit(subject, keyOf('b'), item('2'))).toBe('send');
        expect(admit(subject, undefined, item('3'))).toBe('send');
        expect(admit(subject, undefined, item('4'))).toBe('send');
        expect(subject.settle(undefined, 'stored')).toMatchObject({ duplicates: [], next: undefined });
    });

    it("with 'count' lets all items go, and says which were stored beside another one", () => {
        const subject = filter('count');
        const [first, second, third] = [item('1'), item('2'), item('3')];
        expect([first, second, third].map((one) => admit(subject, keyOf('k'), one))).toEqual(['send', 'send', 'send']);
        expect(subject.settle(keyOf('k'), 'rejected').isDuplicate).toBe(false);
        expect(subject.settle(keyOf('k'), 'stored').isDuplicate).toBe(false);
        expect(subject.settle(keyOf('k'), 'stored').isDuplicate).toBe(true);
    });

    it('stores each key once, whatever fails, and loses nothing good to something bad', () => {
        const step = fc.oneof(
            { weight: 3, arbitrary: fc.record({ kind: fc.constant('push' as const), key: fc.nat(4) }) },
            {
                weight: 3,
                arbitrary: fc.record({
                    kind: fc.constant('settle' as const),
                    pick: fc.nat(),
                    outcome: fc.constantFrom<KeyOutcome>('stored', 'stored', 'stored', ...FAILURES),
                }),
            },
            { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), pick: fc.nat() }) },
            { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
        );
        fc.assert(
            fc.property(fc.array(step, { size: 'max', maxLength: 200 }), (steps) => {
                const subject = new Simulation();
                for (const next of steps) {
                    if (next.kind === 'push') subject.push(`key ${next.key}`);
                    else if (next.kind === 'settle') subject.settle(next.pick, next.outcome);
                    else if (next.kind === 'withdraw') subject.withdraw(next.pick);
                    else subject.restart();
                    subject.check();
                }
                subject.settleAll();
                subject.check();
                expect(subject.waiting).toEqual([]);
                // What was taken for a duplicate is so beside an item that is stored.
                for (const { key } of subject.duplicates) expect(subject.stored.has(key)).toBe(true);
            }),
            { numRuns: 300 },
        );
    });

    it(
        'stores each of many keys once that 20 handlers push, with failures, migrations and restarts',
        { timeout: 300_000 },
        () => {
            const random = lcg(7);
            const subject = new Simulation();
            const pushed = new Set<string>();
            for (let count = 0; count < times(100_000); count++) {
                const key = `https://example.com/${random(times(30_000))}`;
                pushed.add(key);
                subject.push(key);
                // Some 20 items are under way at a time, and one in five of them fails and is pushed again.
                while (subject.sent.length > 20) {
                    const pick = random(subject.sent.length);
                    const outcome = random(5) === 0 ? FAILURES[random(2)]! : 'stored';
                    const failing = subject.sent[pick]!;
                    subject.settle(pick, outcome);
                    if (outcome === 'given-back') subject.push(failing.key);
                }
                if (count % times(30_000) === times(30_000) - 1) subject.restart();
            }
            subject.settleAll();
            subject.check();
            for (const { key } of subject.duplicates) expect(subject.stored.has(key)).toBe(true);
            const failedAlone = [...pushed].filter((key) => !subject.stored.has(key));
            expect(failedAlone.every((key) => subject.failed.has(key))).toBe(true);
        },
    );
});

describe('DuplicateCounts', () => {
    it('counts all and shows the first different keys, shortened', () => {
        const counts = new DuplicateCounts({ samples: true });
        for (const key of ['a', 'a', '\u0000n5', 'x'.repeat(500), undefined, 'b', 'c', 'd']) counts.count(() => key);
        const { found, samples } = counts.summary();
        expect(found).toBe(8);
        expect(samples).toEqual(['a', '5', `${'x'.repeat(199)}…`, 'b', 'c']);
        const restored = new DuplicateCounts({ samples: true });
        restored.restore(counts.summary());
        restored.count(() => 'z');
        expect(restored.summary()).toEqual({ found: 9, samples });
    });

    it('shows no keys where samples are switched off', () => {
        const counts = new DuplicateCounts({ samples: false });
        counts.count(() => 'a');
        expect(counts.summary()).toEqual({ found: 1, samples: [] });
    });
});

function lcg(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 0x1_0000_0000) * below);
    };
}
