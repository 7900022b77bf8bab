import { describe, expect, it } from 'vitest';

import { readOptions, USAGE } from '../../bench/speed/options.js';
import { schedule } from '../../bench/speed/schedule.js';

describe('the options of the benchmark', () => {
    it.each([
        [['--shapes', 'round'], '--shapes knows small, medium, large, flights, mdn, but got: "round".'],
        [['--only', 'guard'], /^--only knows bare-single, .*, but got: "guard"\.$/],
        [['--latencies', '20,soon'], '--latencies must be a whole number from 0 to 1000, but got: "soon".'],
        [['--pairs', '0'], '--pairs must be a whole number from 1 to 100, but got: "0".'],
        [['--seconds', ''], '--seconds must be a number from 0.01 to 60, but got: "".'],
        [['--json', ''], '--json needs the path of a file.'],
        [['--folder', 'nowhere'], '--folder needs a folder that is there, but got: "nowhere".'],
        [['--quick', '--full'], 'Only one of --quick, --full is possible.'],
        [['--fast'], /Unknown option '--fast'/],
        [['--growth', '--shapes', 'large'], 'Nothing is left to measure.'],
    ])('say what is wrong with %j', (args, message) => {
        expect(() => readOptions(args)).toThrow(message);
    });

    it('are all named in the usage', () => {
        const named = [...USAGE.matchAll(/^ {2}--([a-z]+)/gm)].map(([, name]) => name);
        expect(named).toEqual(
            'quick full growth check only shapes places latencies pairs seconds folder json profile'.split(' '),
        );
    });

    it('replace what would be measured, and leave out parts of what belongs together', () => {
        const large = ['--shapes', 'large', '--latencies', '20'];
        const shown = (args: string[]) => [
            ...new Set(
                schedule(readOptions(args)).map(({ task }) => `${task.place} ${task.shape} ${task.latencyMillis}`),
            ),
        ];
        expect(shown(['--quick'])).toEqual(['platform medium 20', 'platform flights 20', 'platform mdn 20']);
        expect(shown(['--quick', ...large])).toEqual(['platform large 20']);
        expect(shown(['--check', ...large])).toEqual(['platform large 20']);
        expect(shown(['--growth'])).toEqual(['platform small 20']);
    });
});

describe('the order of the samples', () => {
    const turns = (pairs: number) => {
        const options = readOptions(['--only', 'bare-array,guard-array', '--shapes', 'small,mdn', '--latencies', '20']);
        return schedule({ ...options, pairs }).map(({ task, round }) => `${task.shape} ${task.contender} ${round}`);
    };

    it('is A B B A for each shape', () => {
        expect(turns(2)).toEqual([
            'small bare-array 0',
            'small guard-array 0',
            'small guard-array 1',
            'small bare-array 1',
            'mdn bare-array 0',
            'mdn guard-array 0',
            'mdn guard-array 1',
            'mdn bare-array 1',
        ]);
    });

    it('gives the same items to all that are compared at one pace', () => {
        const tasks = schedule(readOptions(['--only', 'bare-array,guard-loop,guard-array,floor'])).map(
            ({ task }) => task,
        );
        for (const shape of ['medium', 'flights', 'mdn']) {
            const counts = new Set(tasks.filter((task) => task.shape === shape).map(({ items }) => items));
            expect(counts.size).toBe(1);
        }
    });

    it('is of few items where each push waits for its own answer', () => {
        const options = readOptions(['--only', 'guard-loop', '--shapes', 'small', '--places', 'platform,charged']);
        const items = (place: string) => schedule(options).find(({ task }) => task.place === place)!.task.items;
        expect(items('platform')).toBeGreaterThan(100_000);
        expect(items('charged')).toBeLessThan(1_000);
    });
});
