import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { emitEvent, openBeside, openInNextProcess, openQuickly, unsentKeys } from './support/run-events.js';

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('two guards on one dataset in one process', () => {
    it('count each for itself, and the first of the next process goes on with the counts of both', async () => {
        run.freshDataset();
        const [one, two] = [await openQuickly(), await openQuickly()];
        await one.pushData([{ n: 1 }, { n: 2 }]);
        await two.pushData({ n: 3 });
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        const nextOne = await openInNextProcess();
        const nextTwo = await openBeside(nextOne);
        expect([nextOne, nextTwo].map((guard) => guard.report().storedItems)).toEqual([3, 0]);
        await nextTwo.pushData({ n: 4 });
        expect(await nextTwo.close()).toMatchObject({ receivedItems: 1, storedItems: 1 });
        expect(await nextOne.close()).toMatchObject({ receivedItems: 3, storedItems: 3 });
    });

    it('one after the other count on: the report is that of the run', async () => {
        run.freshDataset();
        for (const storedItems of [1, 2, 3]) {
            const guard = await openQuickly();
            await guard.pushData({ n: 1 });
            expect(await guard.close()).toMatchObject({ receivedItems: storedItems, storedItems });
        }
    });

    it('do not take over what this process has saved itself, and holds still', async () => {
        const id = run.freshDataset();
        run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 1_000, fault: { status: 403 } });
        const one = await openQuickly();
        await one.pushData({ n: 1 });
        await emitEvent('migrating', { timeRemainingSecs: 5 });
        run.server.faults.clear();
        const two = await openQuickly();
        await Promise.all([one.close(), two.close()]);
        expect(run.server.items(id)).toEqual([{ n: 1 }]);
        expect(unsentKeys(run.server, id)).toEqual([]);
    });
});
