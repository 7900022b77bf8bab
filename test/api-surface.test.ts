import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { apiSurface, changes, RECORD } from '../scripts/api-surface.mjs';
import * as library from '../src/index.js';
import * as testing from '../src/testing/index.js';

const HOW = 'Name the change in CHANGELOG.md, in backticks, and run: node scripts/api-surface.mjs --write';

describe('what users rely on', () => {
    it('changes only together with the changelog: names, options, fields of report and record', async () => {
        expect(changes(JSON.parse(await readFile(RECORD, 'utf8')), apiSurface()), HOW).toEqual([]);
    });

    it('has each name that the entry points export at run time', () => {
        const surface = apiSurface();
        expect(Object.keys(surface['apify-dataset-guard']!)).toEqual(expect.arrayContaining(Object.keys(library)));
        const names = Object.keys(surface['apify-dataset-guard/testing']!);
        expect(names).toEqual(expect.arrayContaining(Object.keys(testing)));
    });

    it.each([
        ['DatasetGuard', ['flush', 'handler', 'open', 'pushData', '[Symbol.asyncDispose]']],
        ['DatasetGuardOptions', ['ack?', 'tolerance?', 'onQuarantine?']],
        ['GuardReport', ['storedItems', 'unsentItems', 'reasons']],
        ['QuarantineRecord', ['id', 'item?', 'errors', 'quarantinedAt']],
        ['QuarantineReason', ["'schema'", "'too-large'"]],
        ['InvalidOptionsError', ['option', 'name']],
    ])('is read with its members: %s', (name, members) => {
        expect(apiSurface()['apify-dataset-guard']![name]).toEqual(expect.arrayContaining(members));
    });
});
