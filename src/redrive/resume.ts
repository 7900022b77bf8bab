import { setTimeout as sleep } from 'node:timers/promises';

import { findDataset, openNamedDataset } from '../apify/redrive-storages.js';
import { createItemSink } from '../apify/item-sink.js';
import { RedriveError } from '../errors.js';
import type { InternalOptions, Log } from '../ports.js';
import type { Intent, Journal } from './journal.js';
import type { ReadBackDataset, Settlement } from './settle.js';
import { settleIntent } from './settle.js';

const FIRST_LOOK_MILLIS = 200;
const MAX_LOOK_MILLIS = 2_000;

export interface ResumeParts {
    isRemote: boolean;
    internal: InternalOptions;
    log: Log;
}

/** Settles what an earlier redrive had begun when it ended, however that came about. */
export async function resume(journal: Journal, quarantine: ReadBackDataset, parts: ResumeParts): Promise<void> {
    const { intent } = journal;
    if (intent === undefined) return;
    const { stored, returned, open, datasetReached } = await settle(intent, quarantine, parts);
    journal.settle([...stored, ...returned], { datasetId: intent.dataset.id, itemCount: datasetReached });
    await journal.save();
    parts.log.info(
        `An earlier redrive had not come to its end: of its last ${intent.positions.length} items ${stored.length} are in ` +
            `the dataset, ${returned.length} are back in quarantine, and ${open.length} are still to be sent.`,
    );
}

/** On the platform, a request that was under way may show up a while later. */
async function settle(intent: Intent, quarantine: ReadBackDataset, parts: ResumeParts): Promise<Settlement> {
    const { isRemote, internal } = parts;
    const target = await openTargetOf(intent, parts);
    const giveUpAt = Date.now() + (isRemote ? internal.listingLagMillis : 0);
    for (let delayMillis = FIRST_LOOK_MILLIS; ; delayMillis = Math.min(delayMillis * 2, MAX_LOOK_MILLIS)) {
        const lookedAt = Date.now();
        const settlement = await settleIntent(intent, target, quarantine);
        if (settlement.open.length === 0 || lookedAt >= giveUpAt) return settlement;
        await sleep(Math.max(1, Math.min(delayMillis, giveUpAt - lookedAt)));
    }
}

async function openTargetOf({ dataset: { id, name } }: Intent, { isRemote, internal }: ResumeParts) {
    // On a laptop each process makes ids anew.
    const dataset = isRemote ? await findDataset({ id }) : await openNamedDataset(name ?? id, false);
    if (dataset !== undefined) return { dataset, sink: createItemSink(dataset, internal) };
    throw new RedriveError(
        `An earlier redrive was sending items to the dataset "${name ?? id}", which is gone: nobody can tell which of ` +
            'them it held.',
    );
}
