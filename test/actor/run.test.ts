import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { QUARANTINE, readItems, runActor, temporaryFolder } from './support/actor-run.js';
import { startFeedHost } from './support/feed-host.js';
import { badMovies, goodMovies, movies, texts } from './support/movies.js';

const RUN_TIMEOUT_MILLIS = 60_000;

describe('the Actor, built and run', { timeout: RUN_TIMEOUT_MILLIS }, () => {
    it('stores the good movies to the letter and in order, quarantines the others, says so, and does so again', async () => {
        const storage = await temporaryFolder();

        const first = await runActor(storage, { input: { startUrls: [] } });
        expect(first.exitCode, first.output).toBe(0);
        expect(texts(await readItems(storage))).toEqual(texts(goodMovies));
        const quarantined = await readItems(storage, QUARANTINE);
        expect(texts(quarantined.map(({ item }) => item))).toEqual(texts(badMovies));
        expect(goodMovies.length + quarantined.length).toBe(movies.length);
        for (const { errors, item, ...record } of quarantined) {
            expect(record).toMatchObject({ reason: 'schema', rejectedBy: 'guard', attempt: 1 });
            expect(record.itemPosition).toBe(
                movies.findIndex((movie) => JSON.stringify(movie) === JSON.stringify(item)),
            );
            expect(errors[0]).toMatchObject({
                instancePath: expect.stringMatching(
                    /^\/(Title|Release Date|Production Budget|MPAA Rating|Distributor)$/,
                ),
                schemaPath: expect.stringMatching(/^#\/properties\//),
                message: expect.stringMatching(/./),
            });
        }
        await expectOutcomeIsSaid(storage, first.output);

        const few = goodMovies.slice(0, 100);
        const host = await startFeedHost({ '/few': { body: JSON.stringify([...few, ...badMovies]) } });
        const input = { startUrls: [{ url: host.url('/few') }] };
        const second = await runActor(storage, { input, env: { ACTOR_RUN_ID: 'second-run' } });
        expect(second.exitCode, second.output).toBe(0);
        expect(texts(await readItems(storage))).toEqual(texts(few));
        const both = await readItems(storage, QUARANTINE);
        expect(texts(both.map(({ item }) => item))).toEqual(texts([...badMovies, ...badMovies]));
        expect(both.slice(0, badMovies.length)).toEqual(quarantined);
        expect(both.slice(badMovies.length).every(({ actorRunId }) => actorRunId === 'second-run')).toBe(true);
    });

    it('loads feeds of the input one after another, whatever type they claim to be', async () => {
        const host = await startFeedHost({
            '/array': { body: JSON.stringify(goodMovies.slice(0, 3)) },
            '/object': { body: JSON.stringify({ total: 4, movies: [goodMovies[3], 'no movie', null, badMovies[0]] }) },
            '/text': { type: 'text/plain', body: `\uFEFF${JSON.stringify(goodMovies.slice(4, 6))}` },
            '/empty': { body: '[]' },
        });
        const storage = await temporaryFolder();
        const startUrls = ['/array', '/object', '/text', '/empty'].map((path) => ({ url: host.url(path) }));

        const { exitCode, output } = await runActor(storage, { input: { startUrls } });
        expect(exitCode, output).toBe(0);
        expect(texts(await readItems(storage))).toEqual(texts(goodMovies.slice(0, 6)));
        const quarantined = await readItems(storage, QUARANTINE);
        expect(quarantined.map(({ reason }) => reason)).toEqual(['not-an-object', 'not-an-object', 'schema']);
        expect(output).toContain('Stored 6 of 9 items; 3 (33 %) in quarantine');
        expect(output).toContain('Warning: 33 % of items are in quarantine; expected at most 20 %');
    });

    it('names no quarantine when nothing was quarantined', async () => {
        const host = await startFeedHost({ '/feed': { body: JSON.stringify(goodMovies.slice(0, 2)) } });
        const storage = await temporaryFolder();
        const { exitCode, output } = await runActor(storage, { input: { startUrls: [{ url: host.url('/feed') }] } });
        expect(exitCode, output).toBe(0);
        expect(output).toContain('Stored all 2 items');
        expect(output).not.toContain('quarantine');
        expect(await readItems(storage, QUARANTINE)).toEqual([]);
    });

    it('fails visibly when a feed fails, with everything else stored', async () => {
        const host = await startFeedHost({
            '/good': { body: JSON.stringify(goodMovies.slice(0, 3)) },
            '/broken': { status: 500, body: '{"message":"out of order"}' },
            '/page': { type: 'text/html', body: '<html>Not a feed</html>' },
            '/later': { body: JSON.stringify(goodMovies.slice(3, 5)) },
        });
        const storage = await temporaryFolder();
        const startUrls = ['/good', '/broken', '/page', '/gone', '/later'].map((path) => ({ url: host.url(path) }));

        const { exitCode, output } = await runActor(storage, { input: { startUrls } });
        expect(exitCode, output).toBe(1);
        expect(texts(await readItems(storage)).sort()).toEqual(texts(goodMovies.slice(0, 5)).sort());
        expect(output).toMatch(/Failed feed: .*\/broken: 500 - out of order/);
        expect(output).toMatch(/Failed feed: .*\/page: The feed is not JSON/);
        expect(output).toMatch(/Failed feed: .*\/gone: The server answered 404/);
        expect(output).toMatch(/Status message.*3 feeds failed: .* Stored all 5 items\. Report: /);
        expect(host.requests['/gone']).toBe(1);
        expect(host.requests['/broken']).toBeGreaterThan(1);
    });

    it('fails when no feed can be reached', async () => {
        const storage = await temporaryFolder();
        const startUrls = [{ url: 'http://127.0.0.1:1/nobody-listens' }];
        const { exitCode, output } = await runActor(storage, { input: { startUrls } });
        expect(exitCode, output).toBe(1);
        expect(output).toMatch(/Status message.*1 feed failed: .* No items were received/);
    });

    it('says what is wrong with the input', async () => {
        const storage = await temporaryFolder();
        const { exitCode, output } = await runActor(storage, { input: { startUrls: 'https://example.com' } });
        expect(exitCode, output).toBe(1);
        expect(output).toMatch(/Status message.*Input field "startUrls" must be an array/);
    });
});

/** The last line of the log and the status message say what became of the items, why, and what to do. */
async function expectOutcomeIsSaid(storage: string, output: string): Promise<void> {
    const report = `${storage}/key_value_stores/default/DATASET-GUARD-REPORT-HTML.html`;
    const outcome =
        'Stored 3,148 of 3,201 items; 53 (2 %) in quarantine, most often /Release Date must match the pattern in the schema. ' +
        `Report: ${report}. To bring items back: npx apify-dataset-guard redrive ${QUARANTINE}`;
    expect(output).toMatch(/WARN.*DatasetGuard:\S* Stored 3,148 of 3,201 items/);
    expect(output.split(outcome)).toHaveLength(3);
    expect(output).toContain(`[Status message]: ${outcome}`);
    expect(await readFile(report, 'utf8')).toContain('3,148 items stored, 53 in quarantine');
}
