import { afterAll, describe, expect, it } from 'vitest';

import { judge } from './support/account.js';
import { isGood } from './support/items.js';
import { SEED } from './support/random.js';
import type { ChaosOutcome, Scenario } from './support/scenario.js';
import { runScenario } from './support/scenario.js';
import { ITEMS, times } from './support/size.js';

/** Small requests, so that there are many of them, and a buffer that is often full. */
const OPTIONS = { maxPayloadBytes: 80_000, maxBufferedBytes: 320_000, flushIntervalMillis: 200 };

type Plan = Omit<Scenario, 'kind' | 'seed' | 'options'>;

/** Their items together are all. */
const PLANS: Record<string, Plan> = {
    'one writer': { items: ITEMS * 0.2, writers: 1, restarts: 0, maxCallItems: 150 },
    'two writers': { items: ITEMS * 0.3, writers: 2, restarts: 0, maxCallItems: 150 },
    'one writer, restarted': { items: ITEMS * 0.2, writers: 1, restarts: times(5), maxCallItems: 150 },
    'two writers, restarted': { items: ITEMS * 0.3, writers: 2, restarts: times(4), maxCallItems: 150 },
};

const TIMEOUT_MILLIS = 60_000 + ITEMS * 3;

console.log(`CHAOS_SEED=${SEED} (${ITEMS} items)`);
const outcomes: { plan: string; kind: Scenario['kind']; outcome: ChaosOutcome }[] = [];

describe.concurrent('with every fault at random', () => {
    for (const [index, [name, plan]] of Object.entries(PLANS).entries()) {
        const run = async (kind: Scenario['kind']) => {
            const outcome = await runScenario({ ...plan, kind, options: OPTIONS, seed: SEED + index * 1_000 });
            outcomes.push({ plan: name, kind, outcome });
            return outcome;
        };

        it(`each item is found exactly once: ${name}`, { timeout: TIMEOUT_MILLIS }, async () => {
            const { items, account, missing, unsentRecords, writers, stored } = await run('guard');
            const { recordedTwice, ...verdict } = judge(account, items, isGood);
            // At least once is what holds for records whose request was under way when the run ended.
            if (recordedTwice.length > 0) console.log('In quarantine and in the record that stands in:', recordedTwice);
            const log = writers.map((writer) => writer.log).join('\n');
            if (Object.values(verdict).some((ids) => ids.length > 0)) console.log(log, verdict);
            expect(missing, `CHAOS_SEED=${SEED}`).toEqual([]);
            expect(verdict, `CHAOS_SEED=${SEED}`).toEqual({ lost: [], doubled: [], misplaced: [] });
            expect(unsentRecords).toBe(0);
            expect(log).not.toContain('UNHANDLED');
            if (plan.restarts > 0) return;
            const places = writers.map((writer) => placesOf(stored, writer.name));
            expect(places).toEqual(places.map((inOrder) => inOrder.toSorted((a, b) => a - b)));
        });

        it(`Actor.pushData alone loses or doubles items: ${name}`, { timeout: TIMEOUT_MILLIS }, async () => {
            const { items, account } = await run('bare');
            const { lost, doubled } = judge(account, items, isGood);
            expect(lost.length + doubled.length, `CHAOS_SEED=${SEED}`).toBeGreaterThan(0);
        });
    }
});

afterAll(() => {
    console.log(`CHAOS_SEED=${SEED}\n\n${table()}\n`);
    for (const { plan, kind, outcome } of outcomes) {
        const faults = [...outcome.faults].sort().map(([fault, count]) => `${count} × ${fault}`);
        const seconds = outcome.seconds.toFixed(1);
        console.log(`${plan}, ${kind}: ${outcome.requests} requests, ${seconds} s; struck: ${faults.join(', ')}`);
    }
});

/** Where in its writer's order each stored item of the writer was. */
function placesOf(stored: ChaosOutcome['stored'], writer: string): number[] {
    return stored.filter(({ id }) => id.startsWith(`${writer}-`)).map(({ id }) => Number(id.split('-')[1]));
}

/** What the README shows. */
function table(): string {
    const rows = Object.keys(PLANS).flatMap((plan) =>
        (['bare', 'guard'] as const).map((kind) => {
            const outcome = outcomes.find((other) => other.plan === plan && other.kind === kind)?.outcome;
            if (outcome === undefined) return '';
            const { items, account } = outcome;
            const { lost, doubled } = judge(account, items, isGood);
            const lostItems = new Set(lost);
            const lostGood = items.filter((item) => lostItems.has(item.id) && isGood(item)).length;
            const counts = [items.length, lostGood, lost.length - lostGood, doubled.length, account.quarantined.size];
            const cells = counts.map((count) => count.toLocaleString('en-US'));
            return `| ${plan} | ${kind === 'bare' ? '`Actor.pushData`' : '`guard.pushData`'} | ${cells.join(' | ')} |`;
        }),
    );
    return [
        '| workload | through | items | valid, lost | invalid, gone without a trace | doubled | in quarantine |',
        '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
        ...rows,
    ].join('\n');
}
