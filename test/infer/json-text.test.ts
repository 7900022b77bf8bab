import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import type { JsonPatchOperation } from '../../src/infer/json-patch.js';
import { applyPatch } from '../../src/infer/json-patch.js';
import { formatJson, patchJsonText } from '../../src/infer/json-text.js';

const DOCUMENT = `{
  "title": "Movies",  "fields": {},
  "views": { "overview": { "fields": ["a",  "b"] } },

  "list": [
    1,
    2
  ]
}
`;

describe('patchJsonText', () => {
    it.each<[string, JsonPatchOperation, string, string]>([
        ['replaces a value', { op: 'replace', path: '/title', value: 'x' }, '"Movies"', '"x"'],
        [
            'fills an empty object',
            { op: 'add', path: '/fields/type', value: 'object' },
            '{}',
            '{\n    "type": "object"\n  }',
        ],
        ['adds a member', { op: 'add', path: '/more', value: [1] }, '  ]\n}', '  ],\n  "more": [1]\n}'],
        ['adds a member on one line', { op: 'add', path: '/views/x', value: 1 }, '} }', '}, "x": 1 }'],
        ['replaces a member that is there', { op: 'add', path: '/fields', value: 1 }, '{}', '1'],
        ['adds an element at the end', { op: 'add', path: '/views/overview/fields/-', value: 'c' }, '"b"', '"b", "c"'],
        ['adds an element in between', { op: 'add', path: '/list/1', value: 5 }, '    2', '    5,\n    2'],
        ['removes a member', { op: 'remove', path: '/fields' }, ',  "fields": {}', ''],
        ['removes the first member', { op: 'remove', path: '/title' }, '"title": "Movies",  ', ''],
        [
            'removes the only member',
            { op: 'remove', path: '/views/overview' },
            '{ "overview": { "fields": ["a",  "b"] } }',
            '{}',
        ],
        ['removes an element', { op: 'remove', path: '/list/1' }, ',\n    2', ''],
    ])('%s, and leaves all else to the letter', (_what, operation, before, after) => {
        expect(patchJsonText(DOCUMENT, [operation])).toBe(DOCUMENT.replace(before, after));
    });

    it('keeps tabs, carriage returns and a byte order mark', () => {
        const text = '\uFEFF{\r\n\t"a": 1\r\n}\r\n';
        const patched = patchJsonText(text, [{ op: 'add', path: '/b', value: { c: 1 } }]);
        expect(patched).toBe('\uFEFF{\r\n\t"a": 1,\r\n\t"b": {\r\n\t\t"c": 1\r\n\t}\r\n}\r\n');
    });

    it('keeps a document on one line on one line', () => {
        expect(patchJsonText('{"a":1,"b":{}}', [{ op: 'add', path: '/b/c', value: { d: [1] } }])).toBe(
            '{"a":1,"b":{"c":{"d":[1]}}}',
        );
    });

    it('refuses a path that leads nowhere, as applyPatch does', () => {
        const patch = [{ op: 'remove', path: '/none/where' }] as const;
        expect(() => patchJsonText(DOCUMENT, patch)).toThrow(RangeError);
        expect(() => applyPatch(JSON.parse(DOCUMENT), patch)).toThrow(RangeError);
    });

    it('gives the text of what applyPatch gives, for every document and value', () => {
        const key = fc.constantFrom('a', 'b', 'a/b', '~c', '"', '', 'ä "x" }');
        const { json: any } = fc.letrec<{ json: unknown }>((tie) => ({
            json: fc.oneof(
                { maxDepth: 4 },
                fc.jsonValue({ maxDepth: 0 }),
                fc.dictionary(key, tie('json'), { noNullPrototype: true }),
                fc.array(tie('json'), { maxLength: 4 }),
            ),
        }));
        // -0 is 0 in JSON.
        const json = any.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
        const indent = fc.constantFrom(undefined, 2, 4, '\t');
        fc.assert(
            fc.property(
                fc.dictionary(key, json, { noNullPrototype: true }),
                json,
                indent,
                fc.nat(),
                fc.constantFrom('add', 'replace', 'remove'),
                (document, value, space, choice, op) => {
                    const paths = pathsOf(document);
                    const path = paths[choice % paths.length]!;
                    const operation = (op === 'remove' ? { op, path } : { op, path, value }) as JsonPatchOperation;
                    const patched = patchJsonText(JSON.stringify(document, null, space), [operation]);
                    expect(JSON.parse(patched)).toEqual(
                        path === '' && op === 'remove'
                            ? document
                            : applyPatch({ document }, [{ ...operation, path: `/document${path}` }]).document,
                    );
                },
            ),
            { numRuns: 500 },
        );
    });
});

describe('formatJson', () => {
    it('writes short arrays of simple values on one line', () => {
        expect(formatJson({ a: ['x', null], b: [{}], c: [], d: undefined, e: 'x'.repeat(3) })).toBe(
            '{\n    "a": ["x", null],\n    "b": [\n        {}\n    ],\n    "c": [],\n    "e": "xxx"\n}',
        );
        expect(formatJson(Array(50).fill('long text'))).toContain('\n');
    });
});

/** Pointers to all values, and behind the end of each array. */
function pathsOf(value: unknown, path = ''): string[] {
    if (typeof value !== 'object' || value === null) return [path];
    const below = Object.entries(value).flatMap(([key, child]) =>
        pathsOf(child, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    );
    return [path, ...below];
}
