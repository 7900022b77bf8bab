import { RedriveError } from '../errors.js';
import type { ItemSink } from '../ports.js';
import type { QuarantineRecord } from '../records.js';
import type { Candidate } from './candidates.js';
import type { Positions } from './positions.js';
import { SeenRecords } from './seen-records.js';

type Source = Pick<ItemSink, 'list'>;

/** A page is limited by what the records before it took. */
const PAGE_BYTES = 8_000_000;
const FIRST_PAGE_RECORDS = 100;
const MAX_PAGE_RECORDS = 1_000;
/** Repeats of redriven records are found when they come within this many records. */
const LOOK_BACK_RECORDS = 10_000;

/**
 * Reads the records of a quarantine that no earlier redrive is done with, in order, with few of them in memory at a time.
 * Records that are written from now on, those of this redrive among them, are left to the next redrive, so that it ends
 * although others write without a pause.
 */
export async function* readCandidates(
    quarantine: Source,
    /** The same records with nothing but their id. */
    ids: Source,
    redriven: Positions,
): AsyncGenerator<Candidate> {
    const seen = new SeenRecords();
    const end = await findEnd(quarantine);
    for (let offset = 0; ;) {
        const begin = redriven.nextOutside(offset);
        if (begin >= end) return;
        for await (const { record, position } of read(ids, Math.max(offset, begin - LOOK_BACK_RECORDS), begin)) {
            seen.note(record, position);
        }
        offset = begin;
        for await (const { record, position } of read(quarantine, begin, end)) {
            offset = position + 1;
            const original = seen.note(record, position);
            if (!redriven.has(position)) yield { position, record, ...(original !== undefined && { original }) };
            // A long part may follow that was redriven.
            else if (redriven.nextOutside(position) - position > MAX_PAGE_RECORDS) break;
        }
        if (offset === begin) return;
    }
}

async function* read(source: Source, begin: number, end: number) {
    let limit = FIRST_PAGE_RECORDS;
    for (let offset = begin; offset < end;) {
        const { items } = await listPage(source, offset, Math.min(limit, end - offset));
        if (items.length === 0) return;
        let bytes = 0;
        for (const [index, record] of (items as QuarantineRecord[]).entries()) {
            bytes += (record?.itemBytes ?? 0) + 1_000;
            yield { record, position: offset + index };
        }
        offset += items.length;
        limit = Math.max(1, Math.min(MAX_PAGE_RECORDS, limit * 2, Math.floor((PAGE_BYTES * items.length) / bytes)));
    }
}

/**
 * The number of records that are visible. The platform's own count lags behind, and reading on to an empty page has no end
 * where somebody else writes faster: so this looks for single records behind the count, in steps that double.
 */
async function findEnd(source: Source): Promise<number> {
    const { total } = await listPage(source, 0, 1);
    const isThere = async (position: number) => (await listPage(source, position, 1)).items.length > 0;
    let step = 1;
    while (await isThere(total + step - 1)) step *= 2;
    let [low, high] = [total + Math.floor(step / 2), total + step - 1];
    while (low < high) {
        const middle = (low + high) >> 1;
        if (await isThere(middle)) low = middle + 1;
        else high = middle;
    }
    return low;
}

async function listPage(source: Source, offset: number, limit: number) {
    const page = await source.list(offset, limit);
    if (page !== undefined) return page;
    throw new RedriveError('The quarantine cannot be read with this token. Nothing was sent.');
}
