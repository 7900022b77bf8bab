import type { ChargeResult } from 'apify';
import { describe, expect, it, onTestFinished } from 'vitest';

import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript } from '../support/run-script.js';
import { FIELDS } from './support/crawling.js';

const SYNTHETIC = 'apify-default-dataset-item';
const PRICES = { movie: { eventPriceUsd: 0.5 }, [SYNTHETIC]: { eventPriceUsd: 0.1 } };

type Call = [entryPoint: 'static' | 'instance' | 'dataset' | 'crawler', data: unknown, eventName?: string];

/** Pay per event is loaded when the SDK starts, so that each budget needs a process of its own. */
const SCRIPT = `
import { Actor } from 'apify';
import { BasicCrawler } from '@crawlee/basic';
import { DatasetGuard } from 'apify-dataset-guard';
await Actor.init();
const { isGuarded, calls } = JSON.parse(process.argv[2]);
if (isGuarded) (await DatasetGuard.open()).install();
const entryPoints = {
    static: (...call) => Actor.pushData(...call),
    instance: (...call) => Actor.getDefaultInstance().pushData(...call),
    dataset: async (...call) => (await Actor.openDataset()).pushData(...call),
    crawler: (data) => new BasicCrawler().pushData(data),
};
const results = [];
for (const [entryPoint, data, eventName] of calls) {
    results.push((await entryPoints[entryPoint](data, ...(eventName ? [eventName] : []))) ?? null);
}
console.log('RESULTS ' + JSON.stringify(results));
await Actor.exit();
`;

async function outcomeOf(calls: Call[], maxTotalChargeUsd: number, isGuarded: boolean) {
    const server = await startApiServer({
        dataset: { schema: { actorSpecification: 1, fields: FIELDS } },
        run: { chargeEvents: PRICES, maxTotalChargeUsd },
    });
    onTestFinished(async () => server.close());
    const args = [JSON.stringify({ isGuarded, calls })];
    const { stdout, stderr } = await runScript(SCRIPT, { env: platformEnv(server), args });
    const results = /^RESULTS (.*)$/m.exec(stdout)?.[1];
    expect(results, stderr).toBeDefined();
    return {
        results: JSON.parse(results!).map(chargeResult),
        stored: server.items(),
        counts: server.run.chargedEventCounts,
    };
}

function chargeResult(result: ChargeResult | null): unknown {
    if (result === null || !('chargedCount' in result)) return null;
    const { eventChargeLimitReached, chargedCount, chargeableWithinLimit } = result;
    return { eventChargeLimitReached, chargedCount, chargeableWithinLimit };
}

const items = (from: number, count: number) => Array.from({ length: count }, (_, index) => ({ n: from + index }));

describe('install() in a run that is paid per event', { timeout: 120_000 }, () => {
    it('charges as the SDK does, and gives the results that it gives, up to the budget and beyond', async () => {
        const calls: Call[] = [
            ['static', items(0, 2), 'movie'],
            ['instance', { n: 2 }, 'movie'],
            ['dataset', items(3, 2)],
            ['crawler', { n: 5 }],
            ['static', items(6, 1)],
            ['static', items(7, 5), 'movie'],
            ['instance', items(12, 2), 'movie'],
        ];
        const [bare, guarded] = await Promise.all([outcomeOf(calls, 3.4, false), outcomeOf(calls, 3.4, true)]);
        expect(guarded.results).toEqual(bare.results);
        expect(guarded.stored).toEqual(bare.stored);
        expect(guarded.counts).toEqual(bare.counts);
    });

    it('charges nothing for what is quarantined', async () => {
        const mixed = [{ n: 1 }, { n: 'bad' }, { n: 3 }, { n: 'worse' }];
        const calls: Call[] = [
            ['static', mixed, 'movie'],
            ['dataset', mixed],
        ];
        const { results, stored, counts } = await outcomeOf(calls, 100, true);
        expect(stored).toEqual([{ n: 1 }, { n: 3 }, { n: 1 }, { n: 3 }]);
        expect(counts).toEqual({ movie: 2, [SYNTHETIC]: 4 });
        expect(results[0]).toMatchObject({ chargedCount: 4, eventChargeLimitReached: false });
    });
});
