import { afterEach, describe, expect, it } from 'vitest';

import { PROBE_SCHEMA } from '../scripts/probe/schema.mjs';
import { REPOSITORY, run } from './actor/support/actor-run.js';
import type { ApiServer, ApiServerOptions } from './support/api-server.js';
import { startApiServer } from './support/api-server.js';

let server: ApiServer | undefined;
afterEach(async () => server?.close());

async function probe(options: ApiServerOptions, args: string[] = []) {
    server = await startApiServer(options);
    const env = { APIFY_TOKEN: server.token!, APIFY_API_BASE_URL: server.url };
    return run(process.execPath, ['scripts/probe-platform.mjs', ...args], REPOSITORY, env);
}

async function answers(options: ApiServerOptions, args: string[] = []): Promise<Record<string, string[]>> {
    const { exitCode, output } = await probe(options, ['--json', ...args]);
    expect(exitCode, output).toBe(0);
    return JSON.parse(output);
}

describe('scripts/probe-platform.mjs', () => {
    it('tells how a platform rejects that does as its documentation says', async () => {
        const lag = { listingLagMillis: 300, totalLagMillis: 600, itemCountLagMillis: 900 };
        const told = await answers(lag);
        expect(told).toMatchObject({
            'How is a request rejected?': [expect.stringMatching(/^400 schema-validation-error: /), expect.anything()],
            'What does itemPosition count from?': [expect.stringMatching(/^from 0 /)],
            'What do the paths start from?': [
                expect.stringMatching(/^the array \(instancePath "\/1\/nested\/list\/1"/),
            ],
            'Are all errors of an item named?': [expect.stringMatching(/^yes/)],
            'How are unknown and missing properties named?': [
                expect.stringMatching(/^required at "\/0": .*"n"/),
                expect.stringMatching(/^additionalProperties at "\/0": .*"unknown"/),
            ],
            'Is anything of a rejected request stored?': [expect.stringMatching(/^no/)],
            'Are patterns compiled with the flag u?': ['yes'],
        });
        expect(told['Which formats are enforced?']).toContain('email: enforced');
        expect(told['How large may a request be?']!.map((line) => line.slice(0, 21))).toEqual([
            '5,000,000 bytes: 201',
            '5,000,001 bytes: 201',
            '9,437,184 bytes: 201',
            '9,437,185 bytes: 413 ',
        ]);
        const millis = told['How long do listings lag?']!.map((line) => Number(/: (\d+) ms/.exec(line)?.[1]));
        expect(millis[0]).toBeGreaterThanOrEqual(200);
        expect(millis[1]).toBeGreaterThanOrEqual(millis[0]!);
        expect(millis[2]).toBeGreaterThanOrEqual(millis[1]!);
        expect(server!.datasets().filter(({ name }) => name?.includes('probe'))).toEqual([]);
    });

    it('tells other positions and paths apart', async () => {
        const told = await answers({ rejection: { shape: 'item-path', countFrom: 1 } }, ['--no-large']);
        expect(told['What does itemPosition count from?']![0]).toMatch(/^from 1 /);
        expect(told['What do the paths start from?']![0]).toMatch(/^the item /);
        expect(told['How large may a request be?']).toEqual(['not asked (--no-large)']);
    });

    it('asks with the dataset that it is given, which it leaves there', async () => {
        const id = 'ProbeProbeProbe01';
        await answers({ datasets: [{ id, schema: PROBE_SCHEMA }] }, ['--no-large', '--dataset', id]);
        expect(server!.dataset(id)?.itemCount).toBeGreaterThan(0);
    });

    it('says what to do when the dataset enforces nothing, or no token is given', async () => {
        const id = 'WithoutSchema0001';
        const unenforced = await probe({ datasets: [{ id }] }, ['--dataset', id]);
        expect(unenforced).toMatchObject({
            exitCode: 1,
            output: expect.stringContaining('accepts an item that fails'),
        });
        const withoutToken = await run(process.execPath, ['scripts/probe-platform.mjs'], REPOSITORY);
        expect(withoutToken).toMatchObject({ exitCode: 2, output: expect.stringContaining('APIFY_TOKEN is not set') });
    });

    it('shows no token', async () => {
        const { output } = await probe({ token: 'apify_api_secret' }, ['--no-large']);
        expect(output).toContain('How is a request rejected?');
        expect(output).not.toContain('apify_api_secret');
    });
});
