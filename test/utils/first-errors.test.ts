import { describe, expect, it } from 'vitest';

import { firstErrors } from '../../src/utils/first-errors.js';

const error = (keyword: string, schemaPath: string, instancePath = '/a') => ({ instancePath, schemaPath, keyword });

describe('the first errors of many', () => {
    const branches = [error('enum', '#/anyOf/0/enum'), error('enum', '#/anyOf/1/enum')];

    it('are the alternative alone where only one is wanted', () => {
        const outer = error('oneOf', '#/oneOf', '');
        const errors = [...branches, error('anyOf', '#/anyOf'), outer, error('type', '#/type', '/b')];
        expect(firstErrors(errors, 1)).toEqual([outer]);
    });

    it('are the first one alone where only one is wanted and no alternative is around it', () => {
        expect(firstErrors(branches, 1)).toEqual(branches.slice(0, 1));
    });

    it('are no alternative of another value, whose path may begin with the same letters', () => {
        const errors = [
            ...branches,
            error('type', '#/type'),
            error('anyOf', '#/anyOf', '/b'),
            error('anyOf', '#/anyOf', '/'),
        ];
        expect(firstErrors(errors, 2)).toEqual(branches);
        const within = error('type', '#/properties/ab/type', '/ab');
        expect(firstErrors([within, within, within, error('anyOf', '#/anyOf', '/a')], 2)).toEqual([within, within]);
    });
});
