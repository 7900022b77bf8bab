import { readFileSync } from 'node:fs';

import { describe, expect, it, onTestFinished } from 'vitest';

import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { startFile } from '../support/run-script.js';
import { temporaryFolder } from './support/actor-run.js';
import { badMovies, datasetSchema, goodMovies, texts } from './support/movies.js';

const MAIN = new URL('../../dist/actor/main.js', import.meta.url);
const OUTPUT_SCHEMA_FILE = new URL('../../.actor/output_schema.json', import.meta.url);
const ACTOR_FILE = new URL('../../.actor/actor.json', import.meta.url);

describe('the Actor on the platform', { timeout: 60_000 }, () => {
    it('stores, quarantines and says so in the status message', async () => {
        const { server, env } = await startPlatform();
        const { exitCode, stdout, stderr } = await startFile(MAIN, { env, cwd: await temporaryFolder() }).finished;

        expect(exitCode, stdout + stderr).toBe(0);
        expect(texts(server.items())).toEqual(texts(goodMovies));
        const quarantined = server.items('tester-guarded-movies-quarantine');
        expect(texts(quarantined.map(({ item }) => item))).toEqual(texts(badMovies));
        expect(quarantined.every(({ actorRunId }) => actorRunId === server.ids.runId)).toBe(true);
        expect(server.run).toMatchObject({
            statusMessage: expect.stringMatching(
                /^Stored 3,148 of 3,201 items; 53 \(2 %\) in quarantine, most often .+\. Report: http.+\. To bring items back: npx apify-dataset-guard redrive tester-guarded-movies-quarantine$/,
            ),
            isStatusMessageTerminal: true,
        });

        // What the output schema links to is there.
        const { properties } = JSON.parse(readFileSync(OUTPUT_SCHEMA_FILE, 'utf8'));
        const record = ({ template }: { template: string }) =>
            server.records().get(/^{{links\.apiDefaultKeyValueStoreUrl}}\/records\/(.+)$/.exec(template)![1]!)!;
        expect(record(properties.report).contentType).toBe('text/html; charset=utf-8');
        expect(record(properties.report).value.toString()).toContain('3,148 items stored, 53 in quarantine');
        expect(JSON.parse(record(properties.reportData).value.toString())).toMatchObject({ quarantinedItems: 53 });
    });

    it('fails with a clear message when the items cannot be stored', async () => {
        const { server, env } = await startPlatform();
        server.faults.next({
            method: 'POST',
            path: `${server.ids.datasetId}/items`,
            times: Infinity,
            fault: { status: 403 },
        });
        const { exitCode, stdout, stderr } = await startFile(MAIN, { env, cwd: await temporaryFolder() }).finished;

        expect(exitCode, stdout + stderr).toBe(1);
        expect(server.items()).toEqual([]);
        expect(server.run.statusMessage).toMatch(
            /^Stored 0 of 3,201 items; 53 \(2 %\) in quarantine, .*; 3,148 not sent\. .*Insufficient permissions/,
        );
        const report = JSON.parse(server.records().get('DATASET-GUARD-REPORT')!.value.toString());
        expect(report).toMatchObject({ storedItems: 0, quarantinedItems: 53, pendingItems: 0, unsentItems: 3_148 });
        const page = server.records().get('DATASET-GUARD-REPORT-HTML')!.value.toString();
        expect(page).toMatch(/class="notice"[^>]*>[^<]*Items could not be stored .*Insufficient permissions/);
    });
});

async function startPlatform() {
    const { name } = JSON.parse(readFileSync(ACTOR_FILE, 'utf8')) as { name: string };
    const server = await startApiServer({ actorName: name, username: 'tester', dataset: { schema: datasetSchema } });
    onTestFinished(async () => server.close());
    return { server, env: platformEnv(server) };
}
