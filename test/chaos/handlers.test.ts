import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { compiledProgram } from '../support/compiled-module.js';
import { startFile } from '../support/run-script.js';
import { judge, takeAccount } from './support/account.js';
import { ENFORCED_FIELDS, isGood, makeCalls, makeItems, SHOWN_FIELDS } from './support/items.js';
import { CHAOS_LAGS, CHAOS_TUNING, RandomFaults } from './support/random-faults.js';
import { Random, SEED } from './support/random.js';
import { times } from './support/size.js';

const CRAWL = new URL('support/crawl-workload.mjs', import.meta.url);
/** What a handler does to the run; in calm weather where what is left has only seconds. */
const ENDS = [
    ['Actor.exit()', false],
    ['process.exit()', true],
    ['an uncaught error', true],
    ['Actor.fail()', false],
    ['SIGTERM', true],
] as const;
const ROUNDS = times(ENDS.length);
const PAGES_OF_ROUND = 25;
const MAX_PAGE_ITEMS = 8;
/** On an average page. */
const PAGE_ITEMS = 4;

console.log(`CHAOS_SEED=${SEED} (${ROUNDS} runs that a handler ends)`);

it(
    `loses no item of ${ROUNDS} runs that a handler ends while others are at work, and doubles none but those of pages that ran again`,
    { timeout: ROUNDS * 60_000 },
    async () => {
        const random = new Random(SEED);
        const folder = await mkdtemp(join(tmpdir(), 'guard-handlers-'));
        const [pagesFile, progressFile] = [join(folder, 'pages.json'), join(folder, 'progress')];
        const server = await startApiServer({
            ...CHAOS_LAGS,
            dataset: { schema: { actorSpecification: 1, fields: SHOWN_FIELDS }, enforcedFields: ENFORCED_FIELDS },
            keepBodies: false,
        });
        const faults = new RandomFaults(server, new Random(SEED + 1), false);
        const items = makeItems(random, 'p', (ROUNDS + 1) * PAGES_OF_ROUND * PAGE_ITEMS);
        const pages = makeCalls(random, items, MAX_PAGE_ITEMS);
        await Promise.all([writeFile(pagesFile, JSON.stringify(pages)), writeFile(progressFile, '')]);
        const storeIds = [server.ids.keyValueStoreId];
        const account = async () => takeAccount(server, storeIds);

        /** Runs the next process to its end. Resolves to what it wrote. */
        const runProcess = async (end?: string): Promise<string> => {
            const workload = {
                pagesFile,
                progressFile,
                tuning: CHAOS_TUNING,
                end,
                endAfterPages: PAGES_OF_ROUND,
            };
            const env = platformEnv(server, { WORKLOAD: JSON.stringify(workload) });
            const { stdout, stderr, signal } = await startFile(await compiledProgram(CRAWL), {
                env,
                timeoutMillis: 90_000,
            }).finished;
            expect(signal, stdout + stderr).not.toBe('SIGKILL');
            return stdout + stderr;
        };
        /** Pages that were begun and not handled, and the items whose push in a handler has resolved. */
        const readProgress = async () => {
            const lines = (await readFile(progressFile, 'utf8')).trimEnd().split('\n');
            const pagesWith = (what: string) =>
                new Set(lines.flatMap((line) => (line.startsWith(`${what} `) ? [Number(line.split(' ')[1])] : [])));
            const pushed = new Set(lines.flatMap((line) => /^pushed-(\S+) /.exec(line)?.[1] ?? []));
            const handled = pagesWith('handled');
            return { open: [...pagesWith('begun')].filter((page) => !handled.has(page)), pushed };
        };

        try {
            const mayRepeat = new Set<string>();
            for (let round = 0; round < ROUNDS; round++) {
                const [end, isAtOnce] = ENDS[round % ENDS.length]!;
                faults.isCalm = isAtOnce;
                const output = await runProcess(end);
                const { open, pushed } = await readProgress();
                for (const { id } of open.flatMap((page) => pages[page]!)) mayRepeat.add(id);
                const collected = items.filter(({ id }) => pushed.has(id));
                const { lost } = await judge(await account(), collected, { isGood, mayBeUnsent: true });
                expect(lost, `${end}\n${output}`).toEqual([]);
                faults.isCalm = false;
            }
            await runProcess();
            faults.isCalm = true;
            // What the last one had to save is sent by another.
            await runProcess();
            const verdict = await judge(await account(), items, { isGood, mayRepeat });
            console.log(
                `${items.length} items of ${pages.length} pages, ${mayRepeat.size} of them on pages that ran again`,
            );
            expect(verdict, `CHAOS_SEED=${SEED}`).toEqual({ lost: [], doubled: [], misplaced: [] });
        } finally {
            await server.close();
            await rm(folder, { recursive: true, force: true });
        }
    },
);
