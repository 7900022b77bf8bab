import { valueAt } from '../../utils/json-pointer.js';
import type { Repair, RepairAction, RepairedItem } from './repairs.js';

/** The saved form of one repaired item, so that another process of the run knows the item as it was pushed. */
interface SavedRepair {
    /** The item's index in its batch. */
    index: number;
    asPushed: string;
    repairs: { path: string; action: RepairAction; after: unknown }[];
}

// The saved repairs are for the report, which has 100 rows and short samples.
const MAX_REPAIRS = 100;
const MAX_PATH_LENGTH = 300;
const MAX_VALUE_LENGTH = 1_000;

/** One line of JSON. Its size is that of the item as pushed and a constant. */
export function saveRepair(index: number, { asPushed, repairs }: RepairedItem): string {
    const saved: SavedRepair = {
        index,
        asPushed,
        repairs: repairs
            .filter(({ path, after }) => path.length <= MAX_PATH_LENGTH && isShort(after))
            .slice(0, MAX_REPAIRS)
            .map(({ path, action, after }) => ({ path, action, after })),
    };
    return JSON.stringify(saved);
}

/** Reads what `saveRepair` wrote. @throws SyntaxError, TypeError */
export function readSavedRepair(line: string): [index: number, repaired: RepairedItem] {
    const { index, asPushed, repairs } = JSON.parse(line) as SavedRepair;
    const item: unknown = JSON.parse(asPushed);
    const withBefore = repairs.map(({ path, action, after }): Repair => ({
        path,
        action,
        before: valueAt(item, path),
        after,
    }));
    return [index, { asPushed, repairs: withBefore }];
}

function isShort(value: unknown): boolean {
    return (JSON.stringify(value) ?? '').length <= MAX_VALUE_LENGTH;
}
