import { describe, expect, it } from 'vitest';

import { InvalidOptionsError } from '../../../src/errors.js';
import { resolveUnique } from '../../../src/pipeline/unique/options.js';

function errorOf(value: unknown): InvalidOptionsError {
    try {
        resolveUnique(value);
    } catch (error) {
        if (error instanceof InvalidOptionsError) return error;
        throw error;
    }
    throw new Error('It was expected to throw.');
}

describe('resolveUnique', () => {
    it('reads a field, a pointer, a list and a function', () => {
        const keyOf = () => 'x';
        expect(resolveUnique(undefined)).toBeUndefined();
        expect(resolveUnique('url')).toEqual({ paths: [['url']] });
        expect(resolveUnique('a/b')).toEqual({ paths: [['a/b']] });
        expect(resolveUnique('/a~1b/c~0d/0')).toEqual({ paths: [['a/b', 'c~d', '0']] });
        expect(resolveUnique('/')).toEqual({ paths: [['']] });
        expect(resolveUnique(['shop', '/product/id'])).toEqual({ paths: [['shop'], ['product', 'id']] });
        expect(resolveUnique(keyOf)).toEqual({ keyOf });
    });

    it.each([
        ['', 'unique', 'but got: "".'],
        [null, 'unique', 'but got: null.'],
        [5, 'unique', 'but got: 5.'],
        [[], 'unique', 'but got: an empty array.'],
        [{ field: 'url' }, 'unique', 'but got: an object with the keys: field.'],
        [['url', ''], 'unique[1]', 'but got: "".'],
        [['url', ['id']], 'unique[1]', 'but got: an array.'],
        [['url', 5], 'unique[1]', 'but got: 5.'],
        ['/a~b', 'unique', 'but got: "/a~b".'],
    ])('refuses %j and says what was expected', (value, option, ending) => {
        const error = errorOf(value);
        expect(error.option).toBe(option);
        expect(error.message).toMatch(/^Option "unique.*" must be /);
        expect(error.message).toContain(ending);
    });
});
