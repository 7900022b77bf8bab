import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Actor } from 'apify';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { findTornItems } from '../../src/apify/local-dataset.js';
import type { LocalRun } from '../support/local-run.js';
import { startLocalRun, writeFolder } from '../support/local-run.js';

let run: LocalRun;
beforeAll(async () => {
    run = await startLocalRun();
});
afterAll(async () => run.stop());

it('finds what a killed writer left half written, mends it, and takes its locks away', async () => {
    const folder = join(process.env.CRAWLEE_STORAGE_DIR!, 'datasets/torn');
    await writeFolder(folder, { '000000001.json': '{"a":', '000000002.json': { a: 2 }, '000000004.json': '{"a"' });
    await writeFile(join(folder, '000000003.json'), '');
    await mkdir(join(folder, '000000005.json.lock'));
    const dataset = await Actor.openDataset('torn');

    const torn = await findTornItems(dataset, 1);
    expect(torn.map(({ position }) => position)).toEqual([2, 3]);
    await torn[0]!.mend({ a: 3 });
    await torn[1]!.mend({ a: 4 });
    expect(await findTornItems(dataset, 0)).toMatchObject([{ position: 0 }]);
    await (await findTornItems(dataset, 0))[0]!.mend({ a: 1 });
    await dataset.pushData({ a: 5 });
    expect((await dataset.getData()).items).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }, { a: 5 }]);
    expect(await run.items('torn')).toHaveLength(5);
});
