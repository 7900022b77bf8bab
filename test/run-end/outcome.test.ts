import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { ApiServer } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript } from '../support/run-script.js';

const FIELDS = { type: 'object', properties: { price: { type: 'number' } } };

async function startPlatform(): Promise<ApiServer> {
    const server = await startApiServer({ dataset: { schema: { fields: FIELDS } } });
    onTestFinished(async () => server.close());
    return server;
}

const program = (options: string, body: string) => `
import { Actor } from 'apify';
import { DatasetGuard, ToleranceExceededError } from 'apify-dataset-guard';
await Actor.init();
const guard = await DatasetGuard.open(${options});
${body}`;

const FAIL = `{ expect: { minItems: 5, otherwise: 'fail' } }`;
const WARN = `{ expect: { minItems: 5 } }`;
const PUSH = `await guard.pushData([{ price: 1 }, { price: 2 }]);`;
const UNMET = 'only 2 items stored; expected at least 5. Stored all 2 items';

async function runOnPlatform(options: string, body: string) {
    const server = await startPlatform();
    const { exitCode, stdout, stderr } = await runScript(program(options, body), { env: platformEnv(server) });
    const report = JSON.parse(server.records().get('DATASET-GUARD-REPORT')?.value.toString() ?? 'null');
    return { exitCode, output: stdout + stderr, report, run: server.run };
}

describe("a run whose data is not what expect demands, with otherwise: 'fail'", () => {
    it.each([
        ['Actor.exit()', `${PUSH} await Actor.exit();`],
        ['Actor.exit() after close()', `${PUSH} await guard.close(); await Actor.exit();`],
    ])('exits with 1 and says why: %s', async (_end, body) => {
        const { exitCode, output, report, run } = await runOnPlatform(FAIL, body);
        expect(exitCode, output).toBe(1);
        expect(run.statusMessage).toMatch(`Failed: ${UNMET}`);
        expect(run.isStatusMessageTerminal).toBe(true);
        expect(output).toMatch(/WARN.*DatasetGuard:\S* Failed: only 2 items stored/);
        expect(report.verdict.outcome).toBe('failed');
    });

    it.each([
        ['ends by itself', ''],
        ['calls process.exit()', 'process.exit();'],
    ])('keeps its verdict where nothing follows Actor.exit({ exit: false }), and the process %s', async (_end, end) => {
        const { output, report, run } = await runOnPlatform(FAIL, `${PUSH} await Actor.exit({ exit: false }); ${end}`);
        expect(report, output).toMatchObject({ verdict: { outcome: 'failed' }, finishedAt: expect.any(String) });
        expect(run.statusMessage).toMatch(`Failed: ${UNMET}`);
    });

    it('exits with 1 where process.exit() follows close()', async () => {
        const { exitCode, output } = await runOnPlatform(FAIL, `${PUSH} await guard.close(); process.exit();`);
        expect(exitCode, output).toBe(1);
    });

    it('keeps an exit code and a message of its own', async () => {
        const { exitCode, output, run } = await runOnPlatform(
            FAIL,
            `${PUSH} await Actor.exit('All 2 pages loaded', { exitCode: 7 });`,
        );
        expect(exitCode, output).toBe(7);
        expect(run.statusMessage).toMatch(`All 2 pages loaded. Failed: ${UNMET}`);
    });

    it('is told, with a message that an exit listener of the program has set meanwhile', async () => {
        const { exitCode, output, run } = await runOnPlatform(
            FAIL,
            `Actor.on('exit', async (options) => { await guard.flush(); options.statusMessage = 'Mine'; }); ${PUSH} await Actor.exit();`,
        );
        expect(exitCode, output).toBe(1);
        expect(run.statusMessage).toContain('Mine');
        expect(run.statusMessage).toContain(`Failed: ${UNMET}`);
    });
});

describe("a run whose data is not what expect demands, with otherwise: 'warn'", () => {
    it('exits with 0 and says so', async () => {
        const { exitCode, output, report, run } = await runOnPlatform(WARN, `${PUSH} await Actor.exit();`);
        expect(exitCode, output).toBe(0);
        expect(run.statusMessage).toMatch(`Warning: ${UNMET}`);
        expect(output).toMatch(/WARN.*DatasetGuard:\S* Warning: only 2 items stored/);
        expect(report.verdict.outcome).toBe('warned');
    });
});

describe('a run that fails for a reason of its own', () => {
    it.each([
        ['Actor.fail()', `${PUSH} await Actor.fail('No luck.');`, 1, `No luck. Stored all 2 items`],
        [
            'an error in Actor.main()',
            `${PUSH} await Actor.main(async () => { throw new Error('No luck'); });`,
            91,
            `Stored all 2 items`,
        ],
    ])('is not judged: %s', async (_end, body, expectedCode, message) => {
        const { exitCode, output, report, run } = await runOnPlatform(FAIL, body);
        expect(exitCode, output).toBe(expectedCode);
        expect(report).toMatchObject({ verdict: { outcome: 'open', unmet: [] }, finishedAt: expect.any(String) });
        expect(run.statusMessage).toContain(message);
        expect(run.statusMessage).not.toContain('expected at least');
    });

    it.each([
        ['Actor.main()', `await Actor.main(async () => { await push(); });`, 91],
        [
            'Actor.fail() with its message',
            `try { await push(); } catch (error) { await Actor.fail(error.message); }`,
            1,
        ],
        ['an uncaught error', `await push();`, 1],
    ])('says share, first cause and what to do after a ToleranceExceededError: %s', async (_end, body, code) => {
        const push = `async function push() {
            for (let n = 0; n < 300; n++) await guard.pushData({ price: n % 2 === 0 ? n : 'much' });
        }`;
        const options = `{ tolerance: { maxRatio: 0.4 } }`;
        const { exitCode, output, run } = await runOnPlatform(options, `${push}\n${body}`);
        expect(exitCode, output).toBe(code);
        expect(run.statusMessage, output).toMatch(
            /Stored 50 of 100 items; 50 \(50 %\) in quarantine, most often \/price must be a number; 1 given back to the program with an error\. Report: http.*\. To bring items back: npx apify-dataset-guard redrive tester-my-actor-quarantine$/,
        );
    });
});

describe('several guards', () => {
    it('leave the worst outcome as the status message, whichever was closed first', async () => {
        const { exitCode, output, run } = await runOnPlatform(
            '{}',
            `const other = await DatasetGuard.open({ dataset: 'other', schema: false, expect: { minItems: 1 } });
            const third = await DatasetGuard.open({ dataset: 'third', schema: false });
            ${PUSH}
            await third.pushData({ n: 1 });
            await other.close();
            await Actor.exit();`,
        );
        expect(exitCode, output).toBe(0);
        expect(run.statusMessage).toMatch(
            /^Warning: no item was stored; expected at least 1\. No items were received\./,
        );
    });

    it('leave the outcome of one that has stored items rather than that of an idle one', async () => {
        const { run } = await runOnPlatform(
            `{ dataset: 'reviews', schema: false }`,
            `const movies = await DatasetGuard.open(); await movies.pushData({ price: 1 }); await Actor.exit();`,
        );
        expect(run.statusMessage).toMatch(/^Stored 1 item/);
    });
});

describe('locally, a run that ends because nothing is left to do', () => {
    it.each([
        ['with its guard open', PUSH],
        ['after close()', `${PUSH} await guard.close();`],
    ])("exits with 1 by otherwise: 'fail', and its page says why: %s", async (_end, body) => {
        const cwd = await mkdtemp(join(tmpdir(), 'guard-outcome-'));
        onTestFinished(async () => rm(cwd, { recursive: true, force: true }));
        const source = program(FAIL, body).replace('await Actor.init();', '');
        const { exitCode, stdout, stderr } = await runScript(source, {
            cwd,
            env: { CRAWLEE_STORAGE_DIR: join(cwd, 'storage') },
            timeoutMillis: 20_000,
        });
        expect(exitCode, stdout + stderr).toBe(1);
        const file = join(cwd, 'storage/key_value_stores/default/DATASET-GUARD-REPORT-HTML.html');
        expect(stdout + stderr).toContain(`Report: ${file}`);
        expect(await readFile(file, 'utf8')).toContain('<b>Failed:</b> only 2 items stored; expected at least 5');
    });
});
