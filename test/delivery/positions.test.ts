import { describe, expect, it } from 'vitest';

import { errorsOfItem, interpretPositions } from '../../src/delivery/positions.js';
import type { InvalidItem } from '../../src/ports.js';
import type { ItemError } from '../../src/records.js';

const error = (instancePath: string, schemaPath: string): ItemError => ({
    instancePath,
    schemaPath,
    keyword: 'type',
    params: {},
    message: 'must be string',
});
const OF_ITEM = error('/title', '#/properties/title/type');
const named = (itemPosition: number, ...errors: ItemError[]): InvalidItem => ({ itemPosition, errors });
const ofArray = (index: number) => error(`/${index}/title`, '/items/properties/title/type');

/** Each interpretation as its index base and the positions that it names, in the order of likelihood. */
const interpretations = (items: InvalidItem[], itemCount: number, likelyBase: 0 | 1 = 0) =>
    interpretPositions(items, itemCount, likelyBase).map(({ indexBase, errors }) => [indexBase, [...errors.keys()]]);

describe('positions', () => {
    it.each<[string, InvalidItem[], number, 0 | 1, unknown]>([
        [
            'may count from 0 or 1 where nothing tells',
            [named(2, OF_ITEM)],
            5,
            0,
            [
                [0, [2]],
                [1, [1]],
            ],
        ],
        [
            'are first read as was proven last',
            [named(2, OF_ITEM)],
            5,
            1,
            [
                [1, [1]],
                [0, [2]],
            ],
        ],
        [
            'count from 1 where a path says so',
            [named(2, ofArray(1))],
            5,
            0,
            [
                [1, [1]],
                [0, [2]],
            ],
        ],
        [
            'count from 0 where a path says so',
            [named(2, ofArray(2))],
            5,
            1,
            [
                [0, [2]],
                [1, [1]],
            ],
        ],
        ['count from 0 if one is 0', [named(0, OF_ITEM), named(2, OF_ITEM)], 5, 1, [[0, [0, 2]]]],
        ['count from 1 if one is the number of items', [named(5, OF_ITEM), named(2, OF_ITEM)], 5, 0, [[1, [4, 1]]]],
        ['of one that is 0 and one that is the number cannot be', [named(0), named(5)], 5, 0, []],
        ['beyond the request cannot be', [named(6, OF_ITEM)], 5, 0, []],
        ['below 0 cannot be', [named(-1, OF_ITEM)], 5, 0, []],
        ['between two numbers cannot be', [named(1.5, OF_ITEM)], 5, 0, []],
        [
            'are not told by paths that contradict each other',
            [named(2, ofArray(1)), named(3, ofArray(3))],
            5,
            0,
            [
                [0, [2, 3]],
                [1, [1, 2]],
            ],
        ],
        [
            'are not told by paths that are far off',
            [named(3, ofArray(0))],
            5,
            1,
            [
                [1, [2]],
                [0, [3]],
            ],
        ],
        [
            'are not told by a number that belongs to the item',
            [named(2, error('/1/title', '#/properties/1/type'))],
            5,
            0,
            [
                [0, [2]],
                [1, [1]],
            ],
        ],
        ['are nothing where nothing is named', [], 5, 0, []],
    ])('%s', (_, items, itemCount, likelyBase, expected) => {
        expect(interpretations(items, itemCount, likelyBase)).toEqual(expected);
    });

    it('that come twice are one item with all its errors', () => {
        const [reading] = interpretPositions(
            [named(1, OF_ITEM), named(1, error('/year', '#/properties/year/type'))],
            5,
            0,
        );
        expect(reading?.errors.get(1)?.map(({ instancePath }) => instancePath)).toEqual(['/title', '/year']);
    });
});

describe('the paths of an error', () => {
    it.each([
        ['of a property', '/12/title', '/items/properties/title/type', '/title', '#/properties/title/type'],
        ['of the item as a whole', '/12', '/items/required', '', '#/required'],
        ['written as a fragment', '/0/a/3', '#/items/properties/a/items/type', '/a/3', '#/properties/a/items/type'],
        ['of the item already', '/title', '#/properties/title/type', '/title', '#/properties/title/type'],
        [
            'of a key that is a number',
            '/1/title',
            '#/properties/1/properties/title/type',
            '/1/title',
            '#/properties/1/properties/title/type',
        ],
        [
            'of a property called items',
            '/items/0',
            '#/properties/items/items/type',
            '/items/0',
            '#/properties/items/items/type',
        ],
        ['of nothing', '', '', '', ''],
    ])('are those of the item: %s', (_, instancePath, schemaPath, path, place) => {
        const wire = error(instancePath, schemaPath);
        const expected = { ...wire, instancePath: path, schemaPath: place };
        expect(errorsOfItem([named(0, wire)])).toEqual([expected]);
        expect([...interpretPositions([named(0, wire)], 1, 0)[0]!.errors.values()]).toEqual([[expected]]);
    });
});
