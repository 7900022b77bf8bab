import type { Dataset } from 'apify';

import { findTornItems } from '../apify/local-dataset.js';
import type { ItemSink } from '../ports.js';
import type { QuarantineRecord } from '../records.js';
import { hashOfItem } from './fingerprint.js';
import type { Intent } from './journal.js';

/** A dataset that is read back. */
export interface ReadBackDataset {
    dataset: Dataset;
    sink: ItemSink;
}

export interface Settlement {
    /** Of records whose item was stored. */
    stored: number[];
    /** Of records whose item is back in quarantine. */
    returned: number[];
    /** Of records about whose item nothing is known: it is not there, or cannot be told from others. */
    open: number[];
    /** Items of the dataset that were seen; all that is sent later lies behind them. */
    datasetReached: number;
}

const PAGE_ITEMS = 1_000;

/**
 * Finds out what became of what a redrive was about to send when it ended: which items are in the dataset, and which are
 * back in quarantine. A request may be stored in part on a laptop, where each item is a file.
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
    const returned = await findReturned(intent, quarantine.sink, new Set(tornRecords.map(({ position }) => position)));
    const found = await findStored(intent, returned, target.sink, new Set(tornItems.map(({ position }) => position)));
    const { stored, open } = found;

    // What is half written gets an item that is still to be written.
    for (const { mend } of tornItems) {
        const next = open.findIndex((index) => typeof intent.itemTexts?.[index] === 'string');
        if (next === -1) break;
        const [index] = open.splice(next, 1);
        await mend(JSON.parse(intent.itemTexts![index!]!));
        stored.push(index!);
    }
    for (const { mend } of tornRecords) {
        const next = open.findIndex((index) => intent.itemTexts?.[index] === null);
        if (next === -1) break;
        const [index] = open.splice(next, 1);
        // As it was: it is tried again from its new place.
        const page = await quarantine.sink.list(intent.positions[index!]!, 1);
        const record = page?.items[0];
        await mend(record);
        returned.add(index!);
    }
    const positionsOf = (indexes: Iterable<number>) => [...indexes].map((index) => intent.positions[index]!);
    return {
        stored: positionsOf(stored),
        returned: positionsOf(returned),
        open: positionsOf(open),
        datasetReached: Math.max(found.reached, ...tornItems.map(({ position }) => position + 1)),
    };
}

/** Indexes of items whose record is in quarantine again: it says which one it replaces. */
async function findReturned(intent: Intent, sink: ItemSink, skip: ReadonlySet<number>): Promise<Set<number>> {
    const indexes = new Map(intent.positions.map((position, index) => [position, index]));
    const returned = new Set<number>();
    for await (const { item } of readFrom(sink, intent.quarantineFrom, skip)) {
        const { redrive } = item as QuarantineRecord;
        if (redrive?.fingerprint !== intent.fingerprint) continue;
        const index = indexes.get(redrive.position);
        if (index !== undefined) returned.add(index);
    }
    return returned;
}

/** Indexes of items that are in the dataset. More like items than were to be sent may be others': those are open. */
async function findStored(intent: Intent, returned: ReadonlySet<number>, sink: ItemSink, skip: ReadonlySet<number>) {
    const wanted = new Map<string, number[]>();
    for (const [index, itemHash] of intent.itemHashes.entries()) {
        if (!returned.has(index)) wanted.set(itemHash, [...(wanted.get(itemHash) ?? []), index]);
    }
    const found = new Map<string, number>();
    let reached = intent.datasetFrom;
    for await (const { position, item } of readFrom(sink, intent.datasetFrom, skip)) {
        reached = position + 1;
        const itemHash = hashOfItem(item);
        if (wanted.has(itemHash)) found.set(itemHash, (found.get(itemHash) ?? 0) + 1);
    }
    const stored: number[] = [];
    const open: number[] = [];
    for (const [itemHash, indexes] of wanted) {
        const count = found.get(itemHash) ?? 0;
        const storedCount = count > indexes.length ? 0 : count;
        stored.push(...indexes.slice(0, storedCount));
        open.push(...indexes.slice(storedCount));
    }
    return { stored, open: open.sort((a, b) => a - b), reached };
}

async function* readFrom(sink: ItemSink, from: number, skip: ReadonlySet<number>) {
    const stops = [...skip].sort((a, b) => a - b);
    for (let offset = from; ;) {
        if (skip.has(offset)) {
            offset++;
            continue;
        }
        const stop = stops.find((position) => position > offset) ?? Infinity;
        const { items } = (await sink.list(offset, Math.min(PAGE_ITEMS, stop - offset))) ?? { items: [] };
        if (items.length === 0) return;
        for (const [index, item] of items.entries()) yield { position: offset + index, item };
        offset += items.length;
    }
}
