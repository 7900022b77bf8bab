import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { ApiServer, ApiServerOptions } from './support/api-server.js';
import { startApiServer } from './support/api-server.js';
import { platformEnv } from './support/platform-env.js';
import { runScript } from './support/run-script.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };

async function startPlatform(options: ApiServerOptions = {}): Promise<ApiServer> {
    const server = await startApiServer({ dataset: { schema: { fields: FIELDS } }, ...options });
    onTestFinished(async () => server.close());
    return server;
}

async function temporaryFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'guard-lifecycle-'));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    return folder;
}

const actor = (body: string) => `
import { Actor } from 'apify';
import { DatasetGuard } from 'apify-dataset-guard';
process.on('unhandledRejection', (error) => { console.log('UNHANDLED ' + error); process.exit(99); });
await Actor.init();
const guard = await DatasetGuard.open({ flushIntervalMillis: 60_000 });
for (let n = 0; n < 100; n++) await guard.pushData({ n });
${body}`;

const HUNDRED = Array.from({ length: 100 }, (_, n) => ({ n }));

describe('on the platform, Actor.exit()', () => {
    it('closes the guard by itself: everything is stored, the status message says so', async () => {
        const server = await startPlatform();
        const { exitCode, stdout, stderr } = await runScript(
            actor(
                `await guard.pushData({ n: 'bad' }); console.log('PENDING ' + guard.report().pendingItems); await Actor.exit();`,
            ),
            { env: platformEnv(server) },
        );
        expect(exitCode, stdout + stderr).toBe(0);
        expect(stdout).toContain('PENDING 101');
        expect(server.items()).toEqual(HUNDRED);
        expect(server.items('tester-my-actor-quarantine')).toHaveLength(1);
        expect(server.pushRequests()).toHaveLength(1);
        expect(server.run).toMatchObject({
            statusMessage: expect.stringMatching(
                /^Stored 100 of 101 items; 1 \(< 1 %\) in quarantine, most often \/n must be a number\. Report: http.*\. To bring items back: npx apify-dataset-guard redrive tester-my-actor-quarantine$/,
            ),
            isStatusMessageTerminal: true,
        });
    });

    it.each([
        [`Actor.exit('Mine')`, 0, 'Mine. Stored all 100 items. Report: '],
        [`Actor.exit({ exitCode: 7 })`, 7, 'Stored all 100 items. Report: '],
        [`Actor.fail('It failed!')`, 1, 'It failed! Stored all 100 items. Report: '],
    ])('keeps what the Actor says, and adds the outcome: %s', async (call, exitCode, statusMessage) => {
        const server = await startPlatform();
        const result = await runScript(actor(`await ${call};`), { env: platformEnv(server) });
        expect(result.exitCode, result.stderr).toBe(exitCode);
        expect(server.items()).toEqual(HUNDRED);
        expect(server.run.statusMessage).toContain(statusMessage);
    });

    it('waits for pushes that nobody awaited', async () => {
        const server = await startPlatform({ latencyMillis: 30 });
        const { exitCode, stderr } = await runScript(
            actor(`void guard.pushData(Array.from({ length: 50 }, (_, n) => ({ n: 100 + n }))); await Actor.exit();`),
            { env: platformEnv(server) },
        );
        expect(exitCode, stderr).toBe(0);
        expect(server.items()).toHaveLength(150);
    });

    it('sends nothing more after close(), and says what that came to', async () => {
        const server = await startPlatform();
        const { exitCode, stdout } = await runScript(
            actor(
                `const report = await guard.close(); console.log('STORED ' + report.storedItems); await Actor.exit();`,
            ),
            { env: platformEnv(server) },
        );
        expect(exitCode).toBe(0);
        expect(stdout).toContain('STORED 100');
        expect(server.pushRequests()).toHaveLength(1);
        expect(server.run.statusMessage).toContain('Stored all 100 items');
    });

    it('ends with an exit code and a clear status message when the dataset is dead', async () => {
        const server = await startPlatform();
        server.faults.next({
            method: 'POST',
            path: `${server.ids.datasetId}/items`,
            times: Number.POSITIVE_INFINITY,
            fault: { status: 403 },
        });
        const startedAt = Date.now();
        const { exitCode, stdout, stderr } = await runScript(actor(`await Actor.exit('All is well');`), {
            env: platformEnv(server),
        });
        const output = stdout + stderr;
        expect(exitCode, output).toBe(1);
        expect(Date.now() - startedAt).toBeLessThan(20_000);
        // The SDK ends the process one millisecond after it has begun to send the message; its log always has it.
        expect(output).toMatch(
            /Status message.*: All is well\. Stored 0 of 100 items; 100 not sent.*Insufficient permissions/,
        );
        expect(output).not.toContain('UNHANDLED');
        expect(output).not.toContain(server.token);
    });

    it('closes several guards', async () => {
        const server = await startPlatform();
        const { exitCode, stderr } = await runScript(
            actor(
                `const other = await DatasetGuard.open({ dataset: 'other' }); await other.pushData({ other: true }); await Actor.exit();`,
            ),
            { env: platformEnv(server) },
        );
        expect(exitCode, stderr).toBe(0);
        expect(server.items()).toEqual(HUNDRED);
        expect(server.items('other')).toEqual([{ other: true }]);
    });
});

describe('on the platform, before Actor.init()', () => {
    it('does not open', async () => {
        const server = await startPlatform();
        const { stdout, stderr } = await runScript(
            `import { DatasetGuard } from 'apify-dataset-guard';
            await DatasetGuard.open().catch((error) => console.log('CODE ' + error.code + ' ' + error.message));
            process.exit();`,
            { env: platformEnv(server) },
        );
        expect(stdout, stderr).toMatch(/CODE NOT_INITIALIZED .*Actor\.init\(\) first/);
    });
});

describe('locally', () => {
    async function runLocally(source: string): Promise<{ exitCode: number | null; stdout: string; items: any[] }> {
        const cwd = await temporaryFolder();
        const { exitCode, stdout, stderr } = await runScript(source, {
            cwd,
            env: { CRAWLEE_STORAGE_DIR: join(cwd, 'storage') },
            timeoutMillis: 10_000,
        });
        const folder = join(cwd, 'storage/datasets/default');
        const files = (await readdir(folder).catch(() => [])).filter((file) => /^\d/.test(file)).sort();
        const items = await Promise.all(
            files.map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8'))),
        );
        return { exitCode, stdout: stdout + stderr, items };
    }

    it('Actor.exit() closes the guard by itself', async () => {
        const { exitCode, stdout, items } = await runLocally(actor('await Actor.exit();'));
        expect(exitCode, stdout).toBe(0);
        expect(items).toEqual(HUNDRED);
        expect(stdout).toContain('Stored all 100 items');
    });

    it('everything is stored when the Actor simply ends, without init() and exit()', async () => {
        const { exitCode, stdout, items } = await runLocally(actor('').replace('await Actor.init();', ''));
        expect(exitCode, stdout).toBe(0);
        expect(items).toEqual(HUNDRED);
    });

    it('Actor.main() closes the guard, too', async () => {
        const { exitCode, stdout, items } = await runLocally(`
            import { Actor } from 'apify';
            import { DatasetGuard } from 'apify-dataset-guard';
            await Actor.main(async () => {
                const guard = await DatasetGuard.open();
                await guard.pushData([{ n: 1 }, { n: 2 }]);
            });`);
        expect(exitCode, stdout).toBe(0);
        expect(items).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('says once, with the first record, that the quarantine is kept', async () => {
        const { stdout } = await runLocally(
            actor(
                `await guard.pushData([null, null]); await guard.flush(); await guard.pushData([null]); await Actor.exit();`,
            ),
        );
        expect(stdout.match(/quarantine.*kept/gi)).toHaveLength(1);
    });
});
