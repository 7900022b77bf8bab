import { findDataset, openNamedDataset } from '../apify/redrive-storages.js';
import { createItemSink } from '../apify/item-sink.js';
import { RedriveError } from '../errors.js';
import type { InternalOptions, Log } from '../ports.js';
import type { Clock } from '../utils/clock.js';
import type { Intent, Journal } from './journal.js';
import type { ReadBackDataset, Settlement } from './settle.js';
import { settleIntent } from './settle.js';

const FIRST_LOOK_MILLIS = 200;
const MAX_LOOK_MILLIS = 2_000;

export interface ResumeParts {
    isRemote: boolean;
    internal: InternalOptions;
    log: Log;
    clock: Clock;
}

/** Settles the intent of an earlier redrive that did not end. */
export async function resume(journal: Journal, quarantine: ReadBackDataset, parts: ResumeParts): Promise<void> {
    const { intent } = journal;
    if (intent === undefined) return;
    const { stored, returned, open, isProven, datasetReached } = await settle(intent, quarantine, parts);
    journal.settle([...stored, ...returned], { datasetId: intent.dataset.id, itemCount: datasetReached });
    await journal.save();
    parts.log.info(
        `An earlier redrive did not end: of its last ${intent.positions.length} items ${stored.length} are in the dataset, ` +
            `${returned.length} are back in quarantine, and ${open.length} are still to be sent.`,
    );
    if (open.length === 0 || isProven) return;
    parts.log.warning(
        `${open.length} items of an earlier redrive were not found in the dataset, but others have written so much to it that ` +
            'it was not read as a whole. They are sent again and may be in the dataset twice.',
    );
}

/** On the platform, a request that was under way may become visible a while later. */
async function settle(intent: Intent, quarantine: ReadBackDataset, parts: ResumeParts): Promise<Settlement> {
    const { isRemote, internal, clock } = parts;
    const target = await openTargetOf(intent, parts);
    const visibleAt = clock.monotonic() + (isRemote ? internal.listingLagMillis : 0);
    for (let delayMillis = FIRST_LOOK_MILLIS; ; delayMillis = Math.min(delayMillis * 2, MAX_LOOK_MILLIS)) {
        const beganAt = clock.monotonic();
        const settlement = await settleIntent(intent, target, quarantine);
        if (settlement.open.length === 0 || beganAt >= visibleAt) return settlement;
        await clock.sleep(Math.max(1, Math.min(delayMillis, visibleAt - beganAt)));
    }
}

async function openTargetOf({ dataset: { id, name } }: Intent, { isRemote, internal }: ResumeParts) {
    // Locally each process makes new ids.
    const dataset = isRemote ? await findDataset({ id }) : await openNamedDataset(name ?? id, false);
    if (dataset !== undefined) return { dataset, sink: createItemSink(dataset, internal) };
    throw new RedriveError(
        `An earlier redrive was sending items to the dataset "${name ?? id}", which is gone: it is ` +
            'unknown which of them it held.',
    );
}
