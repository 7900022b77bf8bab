import { randomUUID } from 'node:crypto';

import type { TornItem } from '../apify/local-dataset.js';
import type { ItemSink } from '../ports.js';
import type { Intent } from './journal.js';

export interface TornFiles {
    tornItems: readonly TornItem[];
    tornRecords: readonly TornItem[];
    quarantine: ItemSink;
}

/**
 * Puts items that are still to be written in the files that a killed process left half written, so that the local dataset
 * can be read again. `missing` and the results are indexes of the intent's items.
 */
export async function mendTornItems(
    intent: Intent,
    missing: readonly number[],
    { tornItems, tornRecords, quarantine }: TornFiles,
): Promise<{ stored: number[]; returned: number[]; open: number[] }> {
    const open = [...missing];
    const stored: number[] = [];
    const returned: number[] = [];
    const claimNext = (isWanted: (text: string | null | undefined) => boolean) => {
        const next = open.findIndex((index) => isWanted(intent.itemTexts?.[index]));
        return next === -1 ? undefined : open.splice(next, 1)[0];
    };
    for (const { mend } of tornItems) {
        const index = claimNext((text) => typeof text === 'string');
        if (index === undefined) break;
        await mend(JSON.parse(intent.itemTexts![index]!));
        stored.push(index);
    }
    for (const { mend } of tornRecords) {
        const index = claimNext((text) => text === null);
        if (index === undefined) break;
        const page = await quarantine.list(intent.positions[index]!, 1);
        // The record as it was, to be tried again from its new position: with its own id it would count as a repeat.
        await mend({ ...(page?.items[0] as object), id: randomUUID() });
        returned.push(index);
    }
    return { stored, returned, open };
}
