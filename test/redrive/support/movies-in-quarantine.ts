import { randomUUID } from 'node:crypto';

import type { QuarantineRecord } from '../../../src/index.js';

/** In quarantine, titles are numbers. A transform makes most of them text. */
export const FIELDS = { type: 'object', required: ['title'], properties: { title: { type: 'string' } } };

/** The outcome of a redrive for the item with this number. */
export function outcomeOf(number: number): 'stored' | 'returned' | 'left' {
    if (number % 7 === 3) return 'returned';
    return number % 11 === 5 ? 'left' : 'stored';
}

/** Source of a transform: mends most items, leaves some to the quarantine, and returns others unchanged. */
export const TRANSFORM = `(item) => {
    if (item.number % 7 === 3) return item;
    return item.number % 11 === 5 ? undefined : { ...item, title: String(item.title) };
}`;

export function recordsInQuarantine(count: number, datasetId: string): QuarantineRecord[] {
    return Array.from({ length: count }, (_, number) => ({
        id: randomUUID(),
        item: { number, title: number },
        itemBytes: 30,
        reason: 'schema',
        rejectedBy: 'guard',
        errors: [
            {
                instancePath: '/title',
                schemaPath: '#/properties/title/type',
                keyword: 'type',
                params: { type: 'string' },
                message: 'must be string',
            },
        ],
        itemPosition: number,
        request: { url: `https://example.com/${number}`, retryCount: 0 },
        datasetId,
        datasetName: datasetId,
        actorRunId: 'the-first-run',
        attempt: 1,
        quarantinedAt: '2026-01-01T00:00:00.000Z',
    }));
}

/** Text of a module that redrives as `options` say, and says "begin" before and the result after. */
export function redriveScript(library: string, options: object, internals: object): string {
    return `
import { Actor, log } from 'apify';
import { redriveQuarantine } from ${JSON.stringify(library)};

log.setLevel(log.LEVELS.INFO);
Actor.config.set('purgeOnStart', false);
if (process.env.APIFY_IS_AT_HOME) {
    await Actor.init({ gracefulShutdown: false });
    Object.assign(Actor.apifyClient.httpClient, { minDelayBetweenRetriesMillis: 10, timeoutMillis: 2_000 });
}
console.log('begin');
const onProgress = () => console.log('batch ' + Date.now());
const options = { ...${JSON.stringify(options)}, onProgress, transform: ${TRANSFORM} };
console.log('result ' + JSON.stringify(await redriveQuarantine(options, ${JSON.stringify(internals)})));
process.exit();
`;
}

export interface Account {
    /** How often each item that is to be stored is in the dataset, if not once. */
    wrong: string[];
    /** What else is there. */
    strange: unknown[];
}

/** Every item once: in the dataset, in quarantine again, or where it was. */
export function takeAccount(count: number, items: readonly any[], records: readonly any[]): Account {
    const account: Account = { wrong: [], strange: [] };
    const returned = records.filter(({ redrive }) => redrive !== undefined);
    account.strange.push(
        ...items.filter(({ number, title }) => outcomeOf(number) !== 'stored' || title !== String(number)),
    );
    account.strange.push(
        ...returned.filter(({ item, attempt }) => outcomeOf(item.number) !== 'returned' || attempt !== 2),
    );
    for (let number = 0; number < count; number++) {
        const stored = items.filter((item) => item.number === number).length;
        const back = returned.filter(({ item }) => item.number === number).length;
        const outcome = outcomeOf(number);
        if (stored !== Number(outcome === 'stored') || back !== Number(outcome === 'returned')) {
            account.wrong.push(`${number} (${outcome}): ${stored} times stored, ${back} times returned`);
        }
    }
    return account;
}
