import { setImmediate as nextTurn } from 'node:timers/promises';

import type { ApiServer } from '../../support/api-server.js';
import type { ChaosItem } from './items.js';

/** Of the records that stand in for the quarantine dataset. */
const STAND_IN = 'DATASET-GUARD-QUARANTINE-';

/** Items that are looked at in one go. The server is in this process: while it does not answer, nothing is stored in time. */
const ITEMS_PER_TURN = 2_000;

/** The places where an item was found, in words, by its id. */
export type Finds = Map<string, string[]>;

/** Where all items are. */
export interface Account {
    stored: Finds;
    /** In the quarantine dataset, or in the records that stand in for it. */
    quarantined: Finds;
    /** Saved for the next start of the run. */
    unsent: Finds;
}

export async function takeAccount(server: ApiServer, storeIds: readonly string[]): Promise<Account> {
    const account: Account = { stored: new Map(), quarantined: new Map(), unsent: new Map() };
    let first = 0;
    let turnEnd = ITEMS_PER_TURN;
    for (const { at, itemCount } of server.dataset()!.commits) {
        const place = `dataset #${first} to ${itemCount - 1}, stored ${new Date(at).toISOString()}`;
        for (const item of server.items<ChaosItem>().slice(first, itemCount)) add(account.stored, item, place);
        first = itemCount;
        if (first < turnEnd) continue;
        await nextTurn();
        turnEnd = first + ITEMS_PER_TURN;
    }
    const quarantine = server.items<{ item: ChaosItem }>(`${server.username}-${server.actorName}-quarantine`);
    for (const [index, { item }] of quarantine.entries()) add(account.quarantined, item, `quarantine #${index}`);
    for (const [key, lines] of storeIds.flatMap((storeId) => savedLines(server, storeId))) {
        const [header, ...saved] = lines;
        if (key.startsWith(STAND_IN)) {
            for (const { item } of lines) add(account.quarantined, item, key);
        } else {
            for (const line of saved) add(account.unsent, header.kind === 'items' ? line : JSON.parse(line.text), key);
        }
    }
    return account;
}

function add(finds: Finds, { id }: ChaosItem, place: string): void {
    const places = finds.get(id);
    if (places === undefined) finds.set(id, [place]);
    else places.push(place);
}

/** How many records wait for the next start of a run. */
export function unsentRecords(server: ApiServer, storeIds: readonly string[]): number {
    return storeIds
        .flatMap((storeId) => [...server.records(storeId).keys()])
        .filter((key) => key.startsWith('DATASET-GUARD-UNSENT-')).length;
}

export interface Verdict {
    /** In no place at all. */
    lost: string[];
    /** More than once in the dataset or the quarantine, or in both; with the places. */
    doubled: string[];
    /** Good items in quarantine, and bad ones that were stored. */
    misplaced: string[];
}

/** What became of items that were accepted. */
export async function judge(
    { stored, quarantined, unsent }: Account,
    items: readonly ChaosItem[],
    isGood: (item: ChaosItem) => boolean,
): Promise<Verdict> {
    const verdict: Verdict = { lost: [], doubled: [], misplaced: [] };
    for (const [index, item] of items.entries()) {
        if (index % ITEMS_PER_TURN === ITEMS_PER_TURN - 1) await nextTurn();
        const { id } = item;
        const places = [...(stored.get(id) ?? []), ...(quarantined.get(id) ?? [])];
        if (places.length > 1) verdict.doubled.push(`${id}: ${places.join(', ')}`);
        if (places.length === 0 && !unsent.has(id)) verdict.lost.push(id);
        if (isGood(item) ? quarantined.has(id) : stored.has(id)) verdict.misplaced.push(id);
    }
    return verdict;
}

/** The lines of a store's JSON Lines records, parsed, by key. */
function savedLines(server: ApiServer, storeId: string): [key: string, lines: any[]][] {
    return [...server.records(storeId)]
        .filter(([key]) => /^DATASET-GUARD-(UNSENT|QUARANTINE)-/.test(key))
        .map(([key, { value }]) => {
            const lines = value.toString().split('\n').filter(Boolean);
            return [key, lines.map((line): any => JSON.parse(line))];
        });
}
