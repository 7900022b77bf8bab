import { describe, expect, it } from 'vitest';

import { InvalidOptionsError } from '../../../src/errors.js';
import { resolveRepair } from '../../../src/pipeline/repair/options.js';

const PRUNE = { unknown: 'remove', invalid: 'remove', missing: 'empty' };
const EXPECTED =
    "'prune', a policy such as { unknown: 'remove', invalid: 'null', missing: 'empty', coerce: true }, " +
    'a function (item, errors) => item | undefined, or a list of these';

describe('resolveRepair', () => {
    it('gives a list of steps, and undefined without the option', () => {
        const step = () => undefined;
        expect(resolveRepair(undefined)).toBeUndefined();
        expect(resolveRepair('prune')).toEqual([PRUNE]);
        expect(resolveRepair({ coerce: true, invalid: undefined })).toEqual([{ coerce: true }]);
        expect(resolveRepair(step)).toEqual([step]);
        expect(resolveRepair([{ coerce: true }, step, 'prune'])).toEqual([{ coerce: true }, step, PRUNE]);
    });

    it('keeps what the caller does to the option afterwards out of the steps', () => {
        const option: Record<string, unknown> = { coerce: true };
        const steps = resolveRepair(option);
        option.coerce = 'changed';
        expect(steps).toEqual([{ coerce: true }]);
        expect(Object.isFrozen(steps) && Object.isFrozen(steps![0])).toBe(true);
    });

    it.each<[unknown, string, string]>([
        ['fix', 'repair', `Option "repair" must be ${EXPECTED}, but got: "fix".`],
        [true, 'repair', `Option "repair" must be ${EXPECTED}, but got: true.`],
        [null, 'repair', `Option "repair" must be ${EXPECTED}, but got: null.`],
        [{}, 'repair', `Option "repair" must be ${EXPECTED}, but got: an object with the keys: (none).`],
        [[], 'repair', `Option "repair" must be ${EXPECTED}, but got: an empty array.`],
        [['prune', ['prune']], 'repair[1]', `Option "repair[1]" must be ${EXPECTED}, but got: an array.`],
        [
            { invalid: 'delete' },
            'repair.invalid',
            `Option "repair.invalid" must be 'remove' or 'null', but got: "delete".`,
        ],
        [{ coerce: 1 }, 'repair.coerce', 'Option "repair.coerce" must be true or false, but got: 1.'],
        [
            ['prune', { unknown: null }],
            'repair[1].unknown',
            `Option "repair[1].unknown" must be 'remove', but got: null.`,
        ],
        [
            { unknwon: 'remove' },
            'repair.unknwon',
            'Unknown option "repair.unknwon". Expected one of: coerce, invalid, missing, unknown.',
        ],
        [
            { constructor: 'remove' },
            'repair.constructor',
            'Unknown option "repair.constructor". Expected one of: coerce, invalid, missing, unknown.',
        ],
    ])('refuses %j and says what was expected', (value, option, message) => {
        expect(() => resolveRepair(value)).toThrow(new InvalidOptionsError(option, message));
    });
});
