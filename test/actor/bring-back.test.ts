import { readFileSync } from 'node:fs';

import { describe, expect, it, onTestFinished } from 'vitest';

import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { startFile } from '../support/run-script.js';
import { QUARANTINE, readItems, runActor, temporaryFolder } from './support/actor-run.js';
import { startFeedHost } from './support/feed-host.js';
import { badMovies, datasetSchema, goodMovies, texts } from './support/movies.js';

const MAIN = new URL('../../dist/actor/main.js', import.meta.url);

/** A rating that the schema did not know. */
function withOpenRating(): typeof datasetSchema {
    const schema = structuredClone(datasetSchema);
    schema.fields.properties['MPAA Rating'].enum.push('Open');
    return schema;
}

describe('the Actor with a quarantine as input', { timeout: 120_000 }, () => {
    it("stores in its run's dataset what the schema accepts now, and nothing when it is run again", async () => {
        const actorFile = new URL('../../.actor/actor.json', import.meta.url);
        const { name } = JSON.parse(readFileSync(actorFile, 'utf8')) as { name: string };
        const server = await startApiServer({
            actorName: name,
            username: 'tester',
            dataset: { schema: datasetSchema },
        });
        onTestFinished(async () => server.close());
        const run = async () => startFile(MAIN, { env: platformEnv(server), cwd: await temporaryFolder() }).finished;
        await run();
        const quarantine = server.dataset('tester-guarded-movies-quarantine')!;
        expect(quarantine.items).toHaveLength(badMovies.length);

        server.setSchema(withOpenRating());
        server.setRecord('INPUT', JSON.stringify({ quarantine: quarantine.id }));
        const { exitCode, stdout, stderr } = await run();
        expect(exitCode, stdout + stderr).toBe(0);
        const open = badMovies.filter((movie) => movie['MPAA Rating'] === 'Open');
        expect(texts(server.items())).toEqual(texts([...goodMovies, ...open]));
        expect(quarantine.items.slice(badMovies.length).every(({ attempt }) => attempt === 2)).toBe(true);
        expect(server.run).toMatchObject({
            statusMessage: 'Brought back 2 of 53 items from quarantine; 51 failed again.',
            isStatusMessageTerminal: true,
        });

        const again = await run();
        expect(again.exitCode, again.stdout + again.stderr).toBe(0);
        expect(server.items()).toHaveLength(goodMovies.length + 2);
        expect(quarantine.items).toHaveLength(badMovies.length + 51);
        expect(server.run.statusMessage).toBe('Brought back 0 of 51 items from quarantine; 51 left as they are.');
    });

    it('loads its feeds, too, where it is given any', async () => {
        const host = await startFeedHost({
            '/feed': { body: JSON.stringify([...goodMovies.slice(0, 2), badMovies[0]]) },
        });
        const storage = await temporaryFolder();
        const startUrls = [{ url: host.url('/feed') }];
        await runActor(storage, { input: { startUrls } });
        const { exitCode, output } = await runActor(storage, { input: { startUrls, quarantine: QUARANTINE } });
        expect(exitCode, output).toBe(0);
        expect(texts(await readItems(storage))).toEqual(texts(goodMovies.slice(0, 2)));
        expect((await readItems(storage, QUARANTINE)).map(({ attempt }) => attempt)).toEqual([1, 2, 1]);
        expect(output).toMatch(
            /Status message.*Brought back 0 of 1 items from quarantine; 1 failed again\. Warning: 33 % of items are in quarantine; expected at most 20 %\. Stored 2 of 3 items/,
        );
    });

    it('fails when there is no such quarantine', async () => {
        const storage = await temporaryFolder();
        const { exitCode, output } = await runActor(storage, { input: { quarantine: 'unheard-of' } });
        expect(exitCode, output).toBe(1);
        expect(output).toMatch(/Status message.*There is no quarantine dataset "unheard-of"/);
    });
});
