import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { startScript } from '../support/run-script.js';
import { crawlerScript } from './support/crawler-script.js';
import { FIELDS, numbers } from './support/crawling.js';
import type { Site } from './support/site.js';
import { startSite } from './support/site.js';

let site: Site;
beforeAll(async () => {
    site = await startSite();
});
afterAll(() => site.close());

/** Crawls 50 pages, and is killed when some are handled. Returns their numbers. */
async function handledUntilKilled(entryPoint: string, env: Record<string, string>, cwd?: string): Promise<number[]> {
    const script = await startScript(crawlerScript(entryPoint), { env, cwd, args: site.urls(50) });
    await script.waitForOutput(/(handled \d+\n[^]*){5}/);
    const { stdout } = await script.kill();
    return [...stdout.matchAll(/^handled (\d+)$/gm)].map(([, n]) => Number(n));
}

describe.each(['handler', 'hook', 'install'])(
    'a process that is killed while it crawls: %s',
    { timeout: 120_000 },
    (entryPoint) => {
        it('has stored the items of each request that the crawler says it has handled', async () => {
            const server = await startApiServer({ dataset: { schema: { actorSpecification: 1, fields: FIELDS } } });
            try {
                server.latencyMillis = 20;
                const handled = await handledUntilKilled(entryPoint, platformEnv(server));
                expect(handled.length).toBeGreaterThanOrEqual(5);
                expect(numbers(server.items())).toEqual(expect.arrayContaining(handled));
                expect(new Set(numbers(server.items())).size).toBe(server.items().length);
            } finally {
                await server.close();
            }
        });

        it('has done so locally, too', async () => {
            const storage = await mkdtemp(join(tmpdir(), 'killed-'));
            try {
                const handled = await handledUntilKilled(entryPoint, { CRAWLEE_STORAGE_DIR: storage }, storage);
                expect(handled.length).toBeGreaterThanOrEqual(5);
                const folder = join(storage, 'datasets/default');
                // A killed process may leave the folder by which the storage locks its metadata.
                const files = (await readdir(folder)).filter((name) => /^\d+\.json$/.test(name));
                const texts = await Promise.all(files.map(async (file) => readFile(join(folder, file), 'utf8')));
                // The item that was being written when the process was killed may be cut off; nobody was told that it is stored.
                const whole = texts.filter((text) => text.trimEnd().endsWith('}'));
                expect(numbers(whole.map((text) => JSON.parse(text)))).toEqual(expect.arrayContaining(handled));
            } finally {
                await rm(storage, { recursive: true, force: true });
            }
        });
    },
);
