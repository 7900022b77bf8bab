import { setImmediate as nextTurn } from 'node:timers/promises';

import type { ApiServer } from '../../support/api-server.js';
import type { ChaosItem } from './items.js';

/** Of the records that stand in for the quarantine dataset, and of those that hold what is not sent. */
const STAND_IN = 'DATASET-GUARD-QUARANTINE-';
const UNSENT = 'DATASET-GUARD-UNSENT-';

/** Items that are looked at in one go. The server is in this process: while it does not answer, nothing is stored in time. */
const ITEMS_PER_TURN = 2_000;

/** The places where an item was found, in words, by its id. */
export type Finds = Map<string, string[]>;

/** Where all items are. */
export interface Account {
    stored: Finds;
    /** In the quarantine dataset, or in the records that stand in for it. A record that is there again with its id is one. */
    quarantined: Finds;
    /** Saved for the next start of the run. */
    unsent: ReadonlySet<string>;
}

export async function takeAccount(server: ApiServer, storeIds: readonly string[]): Promise<Account> {
    const stored: Finds = new Map();
    let first = 0;
    let turnEnd = ITEMS_PER_TURN;
    for (const { at, itemCount } of server.dataset()!.commits) {
        const place = `dataset #${first} to ${itemCount - 1}, stored ${new Date(at).toISOString()}`;
        // Other writers' items have no id.
        for (const { id } of server.items<Partial<ChaosItem>>().slice(first, itemCount)) {
            if (id !== undefined) add(stored, id, place);
        }
        first = itemCount;
        if (first < turnEnd) continue;
        await nextTurn();
        turnEnd = first + ITEMS_PER_TURN;
    }
    const texts = (prefix: string) => storeIds.flatMap((storeId) => savedTexts(server, storeId, prefix));
    return { stored, quarantined: findQuarantined(server, texts(STAND_IN)), unsent: idsIn(texts(UNSENT)) };
}

interface FoundRecord {
    id?: string;
    item: ChaosItem;
}

function findQuarantined(server: ApiServer, standIns: readonly string[]): Finds {
    const quarantined: Finds = new Map();
    const seen = new Set<string>();
    const addRecord = ({ id, item }: FoundRecord, place: string) => {
        if (id !== undefined && seen.has(id)) return;
        if (id !== undefined) seen.add(id);
        add(quarantined, item.id, place);
    };
    const records = server.items<FoundRecord>(`${server.username}-${server.actorName}-quarantine`);
    for (const [index, record] of records.entries()) addRecord(record, `quarantine #${index}`);
    for (const line of standIns.flatMap((text) => text.split('\n')).filter(Boolean)) {
        addRecord(JSON.parse(line) as FoundRecord, 'a stand-in for the quarantine');
    }
    return quarantined;
}

function add(finds: Finds, id: string, place: string): void {
    const places = finds.get(id);
    if (places === undefined) finds.set(id, [place]);
    else places.push(place);
}

/** The ids of all items in these texts, in whichever way they are saved: as JSON, or as JSON within JSON. */
function idsIn(texts: readonly string[]): Set<string> {
    const ids = texts.flatMap((text) => [...text.matchAll(/\\?"id\\?":\\?"([a-z]\w*-\d+(?:-\d+)?)\\?"/g)]);
    return new Set(ids.map(([, id]) => id!));
}

function savedTexts(server: ApiServer, storeId: string, prefix: string): string[] {
    return [...server.records(storeId)]
        .filter(([key]) => key.startsWith(prefix))
        .map(([, { value }]) => value.toString());
}

export interface Verdict {
    /** In no place at all. */
    lost: string[];
    /** More than once in the dataset or the quarantine, or in both; with the places. */
    doubled: string[];
    /** Good items in quarantine, and bad ones that were stored. */
    misplaced: string[];
}

export interface Expectations {
    isGood: (item: ChaosItem) => boolean;
    /** Saved for the next start is found. @default false */
    mayBeUnsent?: boolean;
    /**
     * Items that the platform refuses without a reason are found where they are saved: the last starts have nothing else to send, and
     * only another item that is accepted tells whether the refusal is about this one. @default none
     */
    mayStaySaved?: (item: ChaosItem) => boolean;
    /** Items that were pushed again, because nobody had said that they are accepted when a process ended. */
    mayRepeat?: ReadonlySet<string>;
}

/** What became of items that were accepted. */
export async function judge(
    { stored, quarantined, unsent }: Account,
    items: readonly ChaosItem[],
    { isGood, mayBeUnsent = false, mayStaySaved = () => false, mayRepeat }: Expectations,
): Promise<Verdict> {
    const verdict: Verdict = { lost: [], doubled: [], misplaced: [] };
    for (const [index, item] of items.entries()) {
        if (index % ITEMS_PER_TURN === ITEMS_PER_TURN - 1) await nextTurn();
        const { id } = item;
        const places = [...(stored.get(id) ?? []), ...(quarantined.get(id) ?? [])];
        if (places.length > 1 && !mayRepeat?.has(id)) verdict.doubled.push(`${id}: ${places.join(', ')}`);
        const isFoundSaved = unsent.has(id) && (mayBeUnsent || mayStaySaved(item));
        if (places.length === 0 && !isFoundSaved) verdict.lost.push(id);
        if (isGood(item) ? quarantined.has(id) : stored.has(id)) verdict.misplaced.push(id);
    }
    return verdict;
}
