import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { type ApiServer, startApiServer } from '../support/api-server.js';
import type { ScriptOptions } from '../support/run-script.js';
import { compiledModule } from '../support/compiled-module.js';
import { runScript, startScript } from '../support/run-script.js';

const MODULE_URL = await compiledModule('utils/request-sync.ts');
const PROCESS_END = await compiledModule('run-end/process-end.ts');
const TOKEN = 'a-secret-token';

/** The scripts block their event loops; the server has its own in this process. */
describe('requests without the event loop', () => {
    let server: ApiServer;
    beforeAll(async () => {
        server = await startApiServer({ token: TOKEN });
    });
    afterEach(() => {
        server.faults.clear();
        server.latencyMillis = 0;
        server.resetLogs();
    });
    afterAll(async () => server.close());

    /** The start of a script: `push(items)` makes a request that stores them. */
    const prelude = () => `
        import { requestSync } from '${MODULE_URL}';
        const url = '${server.url}/v2/datasets/${server.ids.datasetId}/items';
        const headers = { authorization: 'Bearer ' + process.env.SECRET, 'content-type': 'application/json' };
        const push = (items) => ({ method: 'POST', url, headers, body: Buffer.from(JSON.stringify(items)) });
        const statuses = (responses) => console.log(JSON.stringify(responses.map((response) => response?.status ?? null)));`;
    const run = async (source: string, options: ScriptOptions = {}) =>
        runScript(`${prelude()}\n${source}`, { ...options, env: { SECRET: TOKEN, ...options.env } });
    const expectStatuses = ({ stdout, stderr }: { stdout: string; stderr: string }, statuses: unknown[]) =>
        expect({ stderr, statuses: JSON.parse(stdout || 'null') }).toEqual({ stderr: '', statuses });

    it('makes all requests in order, byte for byte, and returns what the server answered', async () => {
        const { stdout } = await run(`
            const list = { method: 'GET', url: url + '?desc=1&limit=1', headers };
            const responses = requestSync([push([{ n: 1 }]), push([{ n: 2, text: 'ü😀\\n' }]), list], 10_000);
            console.log(JSON.stringify(responses));`);
        const responses = JSON.parse(stdout);
        expect(responses.map(({ status }: { status: number }) => status)).toEqual([201, 201, 200]);
        expect(JSON.parse(responses[2].body)).toEqual([{ n: 2, text: 'ü😀\n' }]);
        expect(responses[2].headers).toMatchObject({ 'x-apify-pagination-desc': 'true' });
        expect(server.items().slice(-2)).toEqual([{ n: 1 }, { n: 2, text: 'ü😀\n' }]);
        expect(server.pushRequests().map(({ bodyText }) => bodyText)).toEqual([
            '[{"n":1}]',
            '[{"n":2,"text":"ü😀\\n"}]',
        ]);
    });

    it('makes a PUT and a DELETE, with a body and without one', async () => {
        const record = `${server.url}/v2/key-value-stores/${server.ids.keyValueStoreId}/records`;
        const result = await run(`
            const put = (key) => ({ method: 'PUT', url: '${record}/' + key, headers, body: Buffer.from('"text"') });
            const remove = { method: 'DELETE', url: '${record}/OTHER', headers };
            statuses(requestSync([put('KEPT'), put('OTHER'), remove], 10_000));`);
        expectStatuses(result, [201, 201, 204]);
        expect(server.record(server.ids.keyValueStoreId, 'KEPT')?.value.toString()).toBe('"text"');
        expect(server.record(server.ids.keyValueStoreId, 'OTHER')).toBeUndefined();
    });

    it('makes requests with TLS, as to the platform', async () => {
        // Made for this test; it is valid for 127.0.0.1 alone.
        const certificate = fileURLToPath(new URL('support/localhost-cert.pem', import.meta.url));
        const key = await readFile(new URL('support/localhost-key.pem', import.meta.url));
        const bodies: string[] = [];
        const secure = createServer({ key, cert: await readFile(certificate) }, async (request, response) => {
            let body = '';
            for await (const chunk of request.setEncoding('utf8')) body += chunk;
            bodies.push(body);
            response.writeHead(201).end('{}');
        });
        await new Promise<void>((resolve) => void secure.listen(0, '127.0.0.1', resolve));
        onTestFinished(() => {
            secure.closeAllConnections();
            secure.close();
        });
        const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/`;
        const source = `statuses(requestSync([{ ...push([{ n: 1 }]), url: '${url}' }], 10_000));`;
        expectStatuses(await run(source, { env: { NODE_EXTRA_CA_CERTS: certificate } }), [201]);
        // Nothing is sent to a server that cannot prove who it is.
        expectStatuses(await run(source), [null]);
        expect(bodies).toEqual(['[{"n":1}]']);
    });

    it('returns an error of the API as the response that it is', async () => {
        server.faults.next({ fault: { status: 400, type: 'schema-validation-error', data: { invalidItems: [] } } });
        const { stdout } = await run(`console.log(requestSync([push([{}])], 10_000)[0].body)`);
        expect(JSON.parse(stdout)).toMatchObject({ error: { type: 'schema-validation-error' } });
    });

    it('returns undefined for a request without an answer, and goes on with the next', async () => {
        server.faults.next({ skip: 1, fault: { cut: true } });
        const result = await run(`
            const nobody = { ...push([{ n: 0 }]), url: 'http://127.0.0.1:9/' };
            const unreadable = { ...push([{ n: 0 }]), url: 'not a URL' };
            statuses(requestSync([push([{ n: 1 }]), nobody, unreadable, push([{ n: 2 }]), push([{ n: 3 }])], 10_000));`);
        expectStatuses(result, [201, null, null, null, 201]);
    });

    it('stops when the time is up, and has told what was stored until then', async () => {
        server.faults.next({ skip: 1, fault: { hang: true } });
        const result = await run(`
            const began = performance.now();
            statuses(requestSync([push([{ n: 1 }]), push([{ n: 2 }]), push([{ n: 3 }])], 1_500));
            if (performance.now() - began > 15_000) console.log('late');`);
        expectStatuses(result, [201, null, null]);
        expect(server.pushRequests()).toHaveLength(2);
    });

    it.runIf(process.platform === 'linux')(
        'kills a child that does not end by itself, and returns what it had told',
        async () => {
            server.faults.next({ skip: 1, fault: { hang: true } });
            const script = await startScript(
                `${prelude()}
            statuses(requestSync([push([{ n: 1 }]), push([{ n: 2 }])], 3_000));`,
                { env: { SECRET: TOKEN } },
            );
            await expect.poll(() => server.pushRequests().length, { timeout: 10_000 }).toBe(2);
            // A stopped process neither ends by itself nor at a signal that it could handle.
            process.kill(await childOf(script.child.pid!), 'SIGSTOP');
            expectStatuses(await script.finished, [201, null]);
        },
    );

    it('returns nothing without a child when no time is left or nothing is to be requested', async () => {
        const result = await run(`statuses([...requestSync([push([{}])], 0), ...requestSync([], 1_000)])`);
        expectStatuses(result, [null]);
        expect(server.requests).toEqual([]);
    });

    it('sends 32 MB', async () => {
        const megabyte = randomBytes(500_000).toString('hex');
        const result = await run(`
            const bodies = Array.from({ length: 8 }, (_, n) => push([{ n, text: '${megabyte}'.repeat(4) }]));
            statuses(requestSync(bodies, 30_000));`);
        expectStatuses(result, new Array(8).fill(201));
        expect(server.pushRequests().reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeGreaterThan(32_000_000);
    });

    it.runIf(process.platform === 'linux')(
        'keeps the token out of the command line and the environment of the child',
        async () => {
            server.faults.next({ fault: { hang: true } });
            const script = await startScript(
                `${prelude()}
            process.env.APIFY_TOKEN = process.env.SECRET;
            delete process.env.SECRET;
            requestSync([push([{ n: 1 }])], 20_000);`,
                { env: { SECRET: TOKEN } },
            );
            await expect.poll(() => server.pushRequests().length, { timeout: 10_000 }).toBe(1);
            const child = await childOf(script.child.pid!);
            const shown = await Promise.all(
                ['cmdline', 'environ'].map(async (file) => readFile(`/proc/${child}/${file}`, 'utf8')),
            );
            await script.kill();
            expect(shown[0]).toContain('AbortSignal.timeout');
            expect(shown.join('')).not.toContain(TOKEN);
        },
    );

    it.each<[string, ScriptOptions]>([
        ['NODE_OPTIONS that load a module', { env: { NODE_OPTIONS: '--import data:text/javascript,console.log(1)' } }],
        ['an inspector of the parent', { nodeArgs: ['--inspect=127.0.0.1:0'] }],
        ['NODE_V8_COVERAGE', { env: { NODE_V8_COVERAGE: '/nonexistent/coverage' } }],
        ['NODE_DEBUG', { env: { NODE_DEBUG: 'http,net' } }],
        ['a preload of the parent', { nodeArgs: ['--import', 'data:text/javascript,globalThis.fetch=undefined'] }],
    ])('works beside %s, and the child writes nothing to the terminal', async (_, options) => {
        const script = `${prelude()}\nimport { writeFileSync } from 'node:fs';
            const responses = requestSync([push([{ n: 1 }])], 10_000);
            writeFileSync(1, 'statuses ' + responses.map((response) => response?.status));`;
        const { stdout, stderr } = await runScript(script, { ...options, env: { SECRET: TOKEN, ...options.env } });
        expect(stdout.replace(/^1\n/, '')).toBe('statuses 201');
        expect(stderr).not.toContain('AbortSignal');
    });

    it('throws an error that says why when the process may not start a child', async () => {
        const flag = process.allowedNodeEnvironmentFlags.has('--permission')
            ? '--permission'
            : '--experimental-permission';
        const { stdout } = await run(
            `try { requestSync([push([{}])], 5_000); } catch (error) { console.log(error.message, error.cause.code); }`,
            { nodeArgs: [flag, '--allow-fs-read=*', '--no-warnings'] },
        );
        expect(stdout).toMatch(
            /^No child process could be started to send requests while the process ends: .+ ERR_ACCESS_DENIED\n$/,
        );
    });

    it.each([
        ['is empty', `''`, 'process.execPath is not Node.js'],
        ['names no file', `'/nonexistent/node'`, 'spawnSync /nonexistent/node ENOENT'],
        ['is another program', `'/bin/false'`, 'it ended with exit code 1 before it began'],
    ])('throws an error that says why when process.execPath %s', async (_, path, reason) => {
        const { stdout } = await run(`
            Object.defineProperty(process, 'execPath', { value: ${path} });
            try { requestSync([push([{}])], 5_000); } catch (error) { console.log(error.message); }`);
        expect(stdout.trimEnd()).toBe(
            `No child process could be started to send requests while the process ends: ${reason}`,
        );
    });

    /** Starts a script in a process group of its own, to which `interrupt` sends a signal as a terminal sends Ctrl+C. */
    async function startGroup(source: string) {
        const script = await startScript(
            `import { spawn } from 'node:child_process';
            const args = ['--input-type=module', '-e', ${JSON.stringify(`${prelude()}\n${source}`)}];
            const group = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
            process.stdout.write('group ' + group.pid + ' ');
            group.stdout.pipe(process.stdout, { end: false });
            setInterval(() => {}, 1_000);
            group.on('close', (code, signal) => process.stdout.write(' ' + (signal ?? code), () => process.exit()));`,
            { env: { SECRET: TOKEN }, timeoutMillis: 20_000 },
        );
        const [, pid] = await script.waitForOutput(/group (\d+) ready/);
        return { ...script, interrupt: () => process.kill(-Number(pid), 'SIGINT') };
    }

    it('ends at once at a Ctrl+C, which reaches the child as well, and tells what was stored', async () => {
        server.faults.next({ skip: 1, fault: { hang: true } });
        const script = await startGroup(`
            process.on('SIGINT', () => {});
            process.stdout.write('ready ');
            statuses(requestSync([push([{ n: 1 }]), push([{ n: 2 }])], 30_000));
            process.exit();`);
        await expect.poll(() => server.pushRequests().length, { timeout: 10_000 }).toBe(2);
        script.interrupt();
        const { stdout } = await script.finished;
        expect(stdout).toMatch(/ready \[201,null\]\n 0$/);
    });

    it('stores at the first Ctrl+C what is unsent, and lets the second end that and the process', async () => {
        server.faults.next({ skip: 1, fault: { hang: true } });
        const script = await startGroup(`
            import 'proper-lockfile';
            import { writeSync } from 'node:fs';
            import { onProcessEnd } from '${PROCESS_END}';
            onProcessEnd((millis) => {
                const responses = requestSync([push([{ n: 1 }]), push([{ n: 2 }])], 60_000);
                writeSync(1, 'told ' + responses.map((response) => response?.status) + ' within 5 s: ' + (millis <= 5_000));
            });
            setInterval(() => {}, 1_000);
            process.stdout.write('ready ');`);
        script.interrupt();
        await expect.poll(() => server.pushRequests().length, { timeout: 10_000 }).toBe(2);
        script.interrupt();
        const { stdout } = await script.finished;
        expect(stdout).toMatch(/ready told 201, within 5 s: true SIGINT$/);
    });
});

/** The one child process of a process. */
async function childOf(pid: number): Promise<number> {
    return Number(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'));
}
