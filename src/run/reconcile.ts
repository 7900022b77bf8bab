import type { SavedRecord } from '../pipeline/quarantine/pending-record.js';
import { readSavedLine } from '../pipeline/quarantine/pending-record.js';
import type { SavedLines } from './saved-record.js';

/** What one record holds, or the records between which a long line is divided. */
export interface FoundRecord {
    keys: readonly string[];
    saved: SavedLines;
}

/**
 * What of the records is to be taken over: each item once. A process may have been gone between saving a record and taking
 * away another one with the same items in it. `outdated` records hold nothing that the others do not.
 */
export function reconcile(found: readonly FoundRecord[]): { current: FoundRecord[]; outdated: FoundRecord[] } {
    const present = new Set(found.flatMap(({ keys }) => keys));
    // The older record has all that was there of the batch, also what could have been saved in a third one.
    const isInOlder = ({ saved: { replaces = [] } }: FoundRecord) =>
        replaces.some((older) => older.every((key) => present.has(key)));
    const outdated = found.filter(isInOlder);
    const latest = found.filter((record) => !isInOlder(record));
    const lines = new Map(latest.map((record) => [record, [...record.saved.lines]]));
    const byKey = new Map(latest.flatMap((record) => record.keys.map((key) => [key, lines.get(record)!] as const)));
    for (const rejected of onlyOnce(latest, lines)) takeOut(rejected, byKey);
    const current: FoundRecord[] = [];
    for (const record of latest) {
        const left = lines.get(record)!;
        if (left.length === 0) outdated.push(record);
        else current.push({ ...record, saved: { ...record.saved, lines: left } });
    }
    return { current, outdated };
}

/** The rejected items, each of which then stands in one record only. */
function onlyOnce(found: readonly FoundRecord[], lines: Map<FoundRecord, string[]>): SavedRecord[] {
    const ids = new Set<string>();
    const rejectedItems: SavedRecord[] = [];
    for (const record of found) {
        if (record.saved.kind !== 'rejected') continue;
        const isNew = (line: string) => {
            const rejected = readSavedLine(line);
            const { id } = rejected;
            if (id !== undefined && ids.has(id)) return false;
            if (id !== undefined) ids.add(id);
            rejectedItems.push(rejected);
            return true;
        };
        lines.set(record, lines.get(record)!.filter(isNew));
    }
    return rejectedItems;
}

/** A rejected item is not sent: it leaves the records that hold it as unsent, one copy of it each. */
function takeOut({ text, savedIn = [] }: SavedRecord, byKey: ReadonlyMap<string, string[]>): void {
    if (text === undefined) return;
    for (const together of savedIn) {
        const lines = together.map((key) => byKey.get(key)).find((some) => some?.includes(text));
        lines?.splice(lines.indexOf(text), 1);
    }
}
