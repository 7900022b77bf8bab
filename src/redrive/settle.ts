import type { Dataset } from 'apify';

import type { TornItem } from '../apify/local-dataset.js';
import { findTornItems } from '../apify/local-dataset.js';
import type { ReadBackResult, Wanted } from '../delivery/read-back.js';
import { readBack } from '../delivery/read-back.js';
import { RedriveError } from '../errors.js';
import type { ItemSink } from '../ports.js';
import type { QuarantineRecord } from '../records.js';
import { hashOfItem } from './fingerprint.js';
import type { Intent } from './journal.js';
import { mendTornItems } from './torn-items.js';

/** A dataset that is read back. */
export interface ReadBackDataset {
    dataset: Dataset;
    sink: ItemSink;
}

export interface Settlement {
    /** Positions of records whose item is in the dataset. */
    stored: number[];
    /** Positions of records whose item is back in quarantine. */
    returned: number[];
    /** Positions of records whose item was found in neither. */
    open: number[];
    /** Whether everything was read in which an open item could be. */
    isProven: boolean;
    /** The dataset holds at least this many items: all that is sent later lies behind them. */
    datasetReached: number;
}

/** Stands for a file that holds half an item, which cannot be listed. */
const TORN = {};

/**
 * Finds out what an earlier redrive did of an intent: which items are in the dataset, and which are back in quarantine.
 * Locally a request may be stored in part, because each item is a file.
 */
export async function settleIntent(
    intent: Intent,
    target: ReadBackDataset,
    quarantine: ReadBackDataset,
): Promise<Settlement> {
    const [tornItems, tornRecords] = await Promise.all([
        findTornItems(target.dataset, intent.datasetFrom),
        findTornItems(quarantine.dataset, intent.quarantineFrom),
    ]);
    const indexes = intent.positions.keys();
    const back = await readAround(tornRecords, quarantine, intent.quarantineFrom, [...indexes], {
        keyOfIndex: (index) => keyOfReturn(intent.positions[index]!, intent.fingerprint),
        toKey: (record) => keyOfRecord(record as QuarantineRecord | null),
    });
    const there = await readAround(tornItems, target, intent.datasetFrom, back.missing, {
        keyOfIndex: (index) => hashAsStored(intent, index),
        toKey: hashOfItem,
    });
    const mended = await mendTornItems(intent, there.missing, { tornItems, tornRecords, quarantine: quarantine.sink });
    const positionsOf = (list: readonly number[]) => list.map((index) => intent.positions[index]!);
    return {
        stored: positionsOf([...there.found, ...mended.stored]),
        returned: positionsOf([...back.found, ...mended.returned]),
        open: positionsOf(mended.open),
        isProven: back.isProven && there.isProven,
        datasetReached: Math.max(there.total, ...tornItems.map(({ position }) => position + 1)),
    };
}

/** An item that the platform has rejected can only be stored as it was repaired. */
function hashAsStored({ itemHashes, repairedHashes = {} }: Intent, index: number): string {
    const hash = itemHashes[index]!;
    return Object.hasOwn(repairedHashes, hash) ? repairedHashes[hash]! : hash;
}

function keyOfReturn(position: number, fingerprint: string): string {
    return `${position} ${fingerprint}`;
}

/** A record that has returned says which one it replaces. */
function keyOfRecord(record: QuarantineRecord | null): string {
    const redrive = record?.redrive;
    return redrive === undefined ? '' : keyOfReturn(redrive.position, redrive.fingerprint);
}

interface Keys {
    keyOfIndex: (index: number) => string;
    toKey: (item: unknown) => string;
}

/** Which of the `indexes` are in a dataset, whose torn files are passed over. */
async function readAround(
    torn: readonly TornItem[],
    { sink }: ReadBackDataset,
    from: number,
    indexes: readonly number[],
    { keyOfIndex, toKey }: Keys,
) {
    const items = new Map<string, number>();
    for (const index of indexes) items.set(keyOfIndex(index), (items.get(keyOfIndex(index)) ?? 0) + 1);
    const readable = torn.length === 0 ? sink : withoutTorn(sink, new Set(torn.map(({ position }) => position)));
    const {
        outcome,
        found: counts,
        total,
    } = await readOrThrow(readable, {
        items,
        from,
        toKey: (item) => (item === TORN ? '' : toKey(item)),
    });
    const found: number[] = [];
    const missing: number[] = [];
    for (const index of indexes) {
        const key = keyOfIndex(index);
        const count = counts.get(key) ?? 0;
        counts.set(key, count - 1);
        (count > 0 ? found : missing).push(index);
    }
    return { found, missing, total, isProven: outcome !== 'unbounded' };
}

async function readOrThrow(sink: Pick<ItemSink, 'list'>, wanted: Wanted): Promise<ReadBackResult> {
    const result = await readBack(sink, wanted);
    if (result !== undefined) return result;
    throw new RedriveError(
        'An earlier redrive did not end, and a dataset that it wrote to cannot be read with this token. ' +
            'Nothing is sent, because items could come twice.',
    );
}

/** Lists the dataset with a placeholder for each torn file, so that positions stay right. */
function withoutTorn(sink: Pick<ItemSink, 'list'>, torn: ReadonlySet<number>): Pick<ItemSink, 'list'> {
    const stops = [...torn].sort((a, b) => a - b);
    return {
        async list(offset, limit) {
            const items: unknown[] = [];
            let total = 0;
            while (items.length < limit) {
                const position = offset + items.length;
                if (torn.has(position)) {
                    items.push(TORN);
                    continue;
                }
                const stop = Math.min(offset + limit, stops.find((next) => next > position) ?? Infinity);
                const page = await sink.list(position, stop - position);
                if (page === undefined) return undefined;
                total = page.total;
                items.push(...page.items);
                if (page.items.length < stop - position) break;
            }
            return { items, total: Math.max(total, offset + items.length) };
        },
    };
}
