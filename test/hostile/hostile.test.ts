import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { escapeControlsInLines } from '../../src/utils/text.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { startFile } from '../support/run-script.js';
import { IS_LONG } from '../support/mode.js';

/** `npm run test:hostile` pushes a million items; CI some thousands of the same kind. */
const ITEMS = Number(process.env.HOSTILE_ITEMS ?? (IS_LONG ? 1_000_000 : 1_500));
const SEED = Number(process.env.HOSTILE_SEED ?? 7);
/** With all processors busy with other tests. */
const MILLIS_FOR_ONE = 30;
const WORKLOAD = fileURLToPath(new URL('support/workload.mjs', import.meta.url));
const GIGABYTE = 1_000_000_000;
/** A record may be its item and so much more. */
const MAX_EXTRA_BYTES = 64 * 1_024;
console.log(`HOSTILE_SEED=${SEED} (${ITEMS} items)`);

it.each(['plain', 'repair'])(
    `${ITEMS} hostile items are all accounted for, within the bounds of time, memory, records, report and log (%s)`,
    { timeout: 60_000 + ITEMS * MILLIS_FOR_ONE },
    async (mode) => {
        const server = await startApiServer({ keepBodies: false, keepItems: false });
        try {
            const { exitCode, stdout, stderr } = await startFile(WORKLOAD, {
                args: ['apify-dataset-guard', String(ITEMS), String(SEED), mode],
                nodeArgs: ['--max-old-space-size=700'],
                // Colours are escape sequences, too.
                env: { ...platformEnv(server), FORCE_COLOR: '0' },
                timeoutMillis: 60_000 + ITEMS * MILLIS_FOR_ONE,
            }).finished;
            const [, json = 'null'] = /^RESULT (.*)$/m.exec(stdout) ?? [];
            const result = JSON.parse(json);
            console.log(mode, result);
            expect(exitCode, stdout.slice(-2_000) + stderr.slice(-2_000)).toBe(0);
            expect(result.receivedItems).toBe(result.pushed);
            expect(result.storedItems + result.quarantinedItems).toBe(result.pushed);
            expect(result.storedItems).toBeGreaterThan(result.pushed / 50);
            expect(result.quarantinedItems).toBeGreaterThan(mode === 'plain' ? result.pushed / 50 : 0);
            expect(server.dataset(server.ids.datasetId)?.itemCount).toBe(result.storedItems);
            expect(result.slow).toEqual([]);
            expect(result.peakBytes).toBeLessThan(GIGABYTE);
            expect(result.largestExtra).toBeLessThanOrEqual(MAX_EXTRA_BYTES);
            expect(result.reasonCount).toBeLessThanOrEqual(101);
            expect(result.reportBytes).toBeLessThan(1_000_000);
            const log = stdout.replace(/^RESULT .*$/m, '') + stderr;
            expect(log.length).toBeLessThan(30_000);
            // Whatever has an effect on a terminal is escaped.
            expect(escapeControlsInLines(log)).toBe(log);
            expect(log).not.toContain('secret');
        } finally {
            await server.close();
        }
    },
);
