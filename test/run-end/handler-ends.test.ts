import { beforeAll, describe, expect, it, vi } from 'vitest';

import { besideBare, type BesideBare, expectSameEnd, expectSameItems } from './support/beside-bare.js';
import { expectLineCounting, otherOutput, outcomeOf, range, sorted, unique } from './support/outcome.js';
import { placesOfTests } from './support/places.js';
import type { ProgramOptions } from './support/program.js';
import { down, slow } from './support/troubles.js';
import { sample } from '../support/mode.js';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000, maxConcurrency: 1_000 });

const { platform, local } = placesOfTests();
const PLACES = [
    ['platform', platform],
    ['local', local],
] as const;

const crawler = (options: Partial<ProgramOptions>): ProgramOptions => ({
    file: 'crawler',
    via: ['handler'],
    end: 'Actor.exit()',
    ...options,
});

/** Ends that one of five running handlers brings about. */
const ENDINGS = [
    'Actor.exit()',
    'Actor.exit({ timeoutSecs: 0 })',
    'Actor.exit({ exitCode: 7 })',
    'Actor.fail()',
    'process.exit(0)',
    'process.exit(3) in a timer',
];
/** They take the way of another one that is there. */
const OF_OTHERS = ['Actor.exit()', 'Actor.fail()', 'process.exit(0)'];

describe.concurrent.each(sample(ENDINGS, (end) => !OF_OTHERS.includes(end)))(
    '%s in a handler, with five handlers running',
    (end) => {
        it('stores what all handlers have pushed where each answer takes 300 ms', async () => {
            const both = await besideBare(platform, crawler({ end, ...slow }));
            await expectSameItems(both);
            expectSameEnd(both);
        });

        it('counts what could not be sent in a line, and does not exit with 0, where the platform is down', async () => {
            const { bare, guarded } = await besideBare(platform, crawler({ end, ...down(403), flawless: true }));
            // The first five pages have returned by then.
            expect(sorted(await guarded.stored('handler'))).toEqual(range(0, 25));
            expectLineCounting(25, guarded);
            expect(guarded.exitCode).toBe(bare.exitCode === 0 ? 1 : bare.exitCode);
        });
    },
);

describe.concurrent('Actor.exit({ exit: false }) in a handler', () => {
    it.each(PLACES)('stores once what handlers push before it and after it, in a %s run', async (_where, newPlace) => {
        const options = crawler({ end: 'Actor.exit({ exit: false })', pushesAfterGate: true });
        const both = await besideBare(newPlace, options);
        expect(await both.bare.stored('bare')).toEqual(expect.arrayContaining([1005, 1006, 1007, 1008]));
        await expectSameItems(both);
        expectSameEnd(both);
    });
});

describe.each(PLACES)('a page that pushes three items and then fails for good, in a %s run', (_where, newPlace) => {
    let both: BesideBare;
    beforeAll(async () => {
        const options: ProgramOptions = {
            file: 'pages',
            via: ['handler'],
            pages: range(0, 8),
            end: 'returns',
            endsUnasked: true,
            flawless: true,
        };
        both = await besideBare(newPlace, options);
    });

    it.each([
        [1, 'because its last retry fails'],
        [2, 'because it sets noRetry'],
        [3, 'with a NonRetryableError'],
        [4, 'because it sets maxRetries to 0'],
        [6, 'because its retry fails before it pushes'],
        [7, 'because it times out'],
    ])('has them stored (page %i): %s', async (page) => {
        const [bare, stored] = [await both.bare.stored('bare'), await both.guarded.stored('handler')];
        expect(bare).toEqual(expect.arrayContaining(range(10 * page, 10 * page + 3)));
        expect(sorted(stored).filter((n) => Math.floor(n / 10) === page)).toEqual(range(10 * page, 10 * page + 3));
    });

    it('has them stored once where a later attempt succeeds', async () => {
        const stored = sorted(await both.guarded.stored('handler'));
        expect(stored.filter((n) => n < 10 || (n >= 50 && n < 60))).toEqual([0, 1, 2, 50, 51, 52]);
    });

    it('leaves exit code and output as they are without the guard', () => {
        expect(both.guarded).toMatchObject({ exitCode: both.bare.exitCode, signal: both.bare.signal });
        const [bare, guarded] = [otherOutput(both.bare), otherOutput(both.guarded)];
        // Pages fail in any order.
        expect(sortedLines(guarded.stdout)).toEqual(sortedLines(bare.stdout));
        expect(sortedLines(guarded.stderr)).toEqual(sortedLines(bare.stderr));
    });
});

const sortedLines = (lines: string[]): string[] => lines.toSorted();

describe.concurrent('a run that ends before a page is tried again', () => {
    const ends = ['Actor.exit()', 'process.exit(0)', 'throws in a timer'] as const;
    const cases = ends.flatMap((end) => PLACES.map(([name, newPlace]) => [end, name, newPlace] as const));
    it.each(sample(cases, ([end, name]) => name === 'platform' || end === 'process.exit(0)'))(
        'by %s stores what the page has pushed, in a %s run',
        async (end, _where, newPlace) => {
            const options: ProgramOptions = {
                file: 'pages',
                via: ['handler'],
                pages: [0, 5],
                end,
                endsUnasked: true,
                flawless: true,
            };
            const { bare, guarded } = await besideBare(newPlace, options);
            expect(sorted(unique(await bare.stored('bare')))).toEqual([0, 1, 2, 50, 51, 52]);
            expect(sorted(await guarded.stored('handler'))).toEqual([0, 1, 2, 50, 51, 52]);
            expect(guarded.exitCode).toBe(bare.exitCode);
        },
    );
});

describe.concurrent('a crawler that exceeds the tolerance', () => {
    it.each(PLACES)('stops with a report that counts each item, in a %s run', async (_where, newPlace) => {
        const outcome = await outcomeOf(
            await newPlace(),
            crawler({ endsUnasked: true, guardOptions: { tolerance: { maxItems: 2 } } }),
        );
        expect(outcome.exitCode).toBe(1);
        expect(outcome.stderr).toContain('ToleranceExceededError');
        const [stored, quarantined] = [await outcome.stored('handler'), await outcome.quarantined('handler')];
        expect(unique(stored)).toHaveLength(stored.length);
        expect(quarantined.length).toBeGreaterThan(2);
        // Each page whose fifth item is in quarantine has its other four stored.
        expect(sorted(stored)).toEqual(expect.arrayContaining(quarantined.flatMap((n) => range(n - 4, n))));
        expect(await outcome.report('handler')).toMatchObject({
            storedItems: stored.length,
            quarantinedItems: quarantined.length,
            pendingItems: 0,
            unsentItems: 0,
        });
    });
});
