import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it, vi } from 'vitest';

import type { QuarantineRecord } from '../src/index.js';
import { runCli, temporaryFolder } from './cli/support/cli.js';
import { actorScript } from './support/actor-script.js';
import { runScript } from './support/run-script.js';

// Processes, one after another.
vi.setConfig({ testTimeout: 60_000 });

const SCHEMA = { type: 'object', required: ['title'], properties: { title: { type: 'string' } } };
const QUARANTINE = 'movies-quarantine';

/** Runs an Actor in `folder` that pushes these items. Returns the run's id, as its report tells it. */
async function runLocally(folder: string, items: object[]): Promise<string> {
    const body = `
        await guard.pushData(${JSON.stringify(items)});
        console.log('run ' + guard.report().runId);
        await Actor.exit();`;
    const source = actorScript(body, { options: { schema: SCHEMA, quarantine: QUARANTINE } });
    const { stdout, stderr } = await runScript(source, {
        cwd: folder,
        env: { CRAWLEE_STORAGE_DIR: join(folder, 'storage') },
    });
    const id = /^run (.*)$/m.exec(stdout)?.[1];
    expect(id, stdout + stderr).toMatch(/^local-\d{8}T\d{6}-\d+$/);
    return id!;
}

async function jsonFiles(folder: string): Promise<any[]> {
    const names = (await readdir(folder)).filter((name) => /^\d+\.json$/.test(name)).sort();
    return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))));
}

describe('runs on this machine', () => {
    it('have ids of their own, by which report and redrive tell them apart', async () => {
        const folder = await temporaryFolder();
        await writeFile(join(folder, 'schema.json'), JSON.stringify(SCHEMA));
        const first = await runLocally(folder, [{ title: 1 }, { title: 2 }]);
        const second = await runLocally(folder, [{ title: 3 }]);
        expect(second).not.toBe(first);
        const records: QuarantineRecord[] = await jsonFiles(join(folder, 'storage/datasets', QUARANTINE));
        expect(records.map(({ actorRunId }) => actorRunId)).toEqual([first, first, second]);

        const reportOf = async (run: string) => {
            const { stdout } = await runCli(['report', QUARANTINE, '--json', '--run', run], { cwd: folder });
            return JSON.parse(stdout);
        };
        expect(await reportOf(first)).toMatchObject({ records: 2, filtered: 1 });
        expect(await reportOf('last')).toMatchObject({ records: 1, filtered: 2 });

        const redrive = async (...args: string[]) => {
            const options = ['--json', '--schema', 'schema.json', ...args];
            const { stdout } = await runCli(['redrive', QUARANTINE, ...options], { cwd: folder });
            return JSON.parse(stdout);
        };
        // It fails again, and its new record lies behind those of the second run.
        expect(await redrive('--run', first)).toMatchObject({ storedItems: 0, quarantinedItems: 2 });
        expect(await reportOf('last')).toMatchObject({ records: 1 });
        const coerce = ['--repair', '{"coerce": true}'];
        expect(await redrive('--run', 'last', ...coerce)).toMatchObject({ storedItems: 1, quarantinedItems: 0 });
        expect(await jsonFiles(join(folder, 'storage/datasets/default'))).toEqual([{ title: '3' }]);
        // What was brought back is not counted any more.
        expect(await reportOf('last')).toMatchObject({ records: 0 });
        expect(await reportOf(first)).toMatchObject({ records: 2 });
    });
});
