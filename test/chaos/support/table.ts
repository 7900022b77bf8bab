import type { End } from './ends.js';
import { ENDS } from './ends.js';
import { isGood } from './items.js';
import type { ChaosOutcome, Scenario } from './scenario.js';
import { ITEMS, times } from './size.js';

type Plan = Omit<Scenario, 'kind' | 'seed' | 'options'>;

/** Together all of them, so that each is seen in the short suite, too. */
const [FIRST_HALF, SECOND_HALF] = [ENDS.slice(0, 6), ENDS.slice(6)];
const inTurn = (ends: readonly End[]) => Array.from({ length: times(1) }, () => ends).flat();

/** Their items together are all. */
export const PLANS: Record<string, Plan> = {
    'one writer': { items: ITEMS * 0.2, writers: 1, ends: [], maxCallItems: 150 },
    'two writers': { items: ITEMS * 0.3, writers: 2, ends: [], maxCallItems: 150 },
    'one writer, restarted': { items: ITEMS * 0.2, writers: 1, ends: inTurn(FIRST_HALF), maxCallItems: 150 },
    'two writers, restarted': { items: ITEMS * 0.3, writers: 2, ends: inTurn(SECOND_HALF), maxCallItems: 150 },
};

const ENTRY_POINTS = { bare: '`Actor.pushData`', guard: '`guard.pushData`' } as const;

export interface ScenarioOutcome {
    plan: string;
    kind: Scenario['kind'];
    outcome: ChaosOutcome;
}

/** The table of docs/reliability.md without its counts: the cells of the head, and the first two of each row. */
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
    (['bare', 'guard'] as const).map((kind) => ({ plan, kind, cells: [plan, ENTRY_POINTS[kind]] })),
);

/** What each entry point lost and doubled. */
export function chaosTable(outcomes: readonly ScenarioOutcome[]): string {
    const rows = TABLE_ROWS.flatMap(({ plan, kind, cells }) => {
        const outcome = outcomes.find((other) => other.plan === plan && other.kind === kind)?.outcome;
        return outcome === undefined ? [] : [row([...cells, ...countsOf(outcome)])];
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
