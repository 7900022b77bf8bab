import type { ChaosOutcome, Scenario } from './scenario.js';
import { isGood } from './items.js';
import { ITEMS, times } from './size.js';

type Plan = Omit<Scenario, 'kind' | 'seed' | 'options'>;

/** Their items together are all. */
export const PLANS: Record<string, Plan> = {
    'one writer': { items: ITEMS * 0.2, writers: 1, restarts: 0, maxCallItems: 150 },
    'two writers': { items: ITEMS * 0.3, writers: 2, restarts: 0, maxCallItems: 150 },
    'one writer, restarted': { items: ITEMS * 0.2, writers: 1, restarts: times(4), maxCallItems: 150 },
    'two writers, restarted': { items: ITEMS * 0.3, writers: 2, restarts: times(4), maxCallItems: 150 },
};

const DOORS = { bare: '`Actor.pushData`', guard: '`guard.pushData`' } as const;

export interface ScenarioOutcome {
    plan: string;
    kind: Scenario['kind'];
    outcome: ChaosOutcome;
}

/** The table of the README without its counts: the cells of the head, and the first two of each row. */
export const TABLE_HEAD = [
    'workload',
    'through',
    'items',
    'valid, lost',
    'invalid, gone without a trace',
    'doubled',
    'in quarantine',
];
export const TABLE_ROWS = Object.keys(PLANS).flatMap((plan) =>
    (['bare', 'guard'] as const).map((kind) => ({ plan, kind, cells: [plan, DOORS[kind]] })),
);

/** What each door lost and doubled. */
export function chaosTable(outcomes: readonly ScenarioOutcome[]): string {
    const rows = TABLE_ROWS.map(({ plan, kind, cells }) => {
        const outcome = outcomes.find((other) => other.plan === plan && other.kind === kind)?.outcome;
        return row([...cells, ...(outcome === undefined ? [] : countsOf(outcome))]);
    });
    const rule = TABLE_HEAD.map((_, column) => (column < 2 ? '---' : '---:'));
    return [row(TABLE_HEAD), row(rule), ...rows].join('\n');
}

function countsOf({ items, account, verdict: { lost, doubled } }: ChaosOutcome): string[] {
    const lostItems = new Set(lost);
    const lostGood = items.filter((item) => lostItems.has(item.id) && isGood(item)).length;
    const counts = [items.length, lostGood, lost.length - lostGood, doubled.length, account.quarantined.size];
    return counts.map((count) => count.toLocaleString('en-US'));
}

function row(cells: readonly string[]): string {
    return `| ${cells.join(' | ')} |`;
}
