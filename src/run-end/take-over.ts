import type { Pipeline } from '../pipeline/pipeline.js';
import type { Log } from '../ports.js';
import type { Snapshot } from './snapshot.js';
import type { SnapshotStore } from './snapshot-store.js';
import { within } from '../utils/clock.js';
import { messageOf } from '../utils/text.js';

let takingOver: Promise<void> = Promise.resolve();

/**
 * Takes over what earlier processes of the run left. What cannot be read now stays where it is. One guard after the other: of two
 * that are opened at once only one may take it.
 */
export async function takeOver(
    snapshots: SnapshotStore,
    pipeline: Pipeline,
    maxMillis: number,
    log: Log,
): Promise<void> {
    takingOver = takingOver.then(async () => takeOverNow(snapshots, pipeline, maxMillis, log));
    await takingOver;
}

async function takeOverNow(snapshots: SnapshotStore, pipeline: Pipeline, maxMillis: number, log: Log): Promise<void> {
    try {
        const left = await snapshots.claim(maxMillis);
        for (const snapshot of left) restore(snapshot, pipeline, log);
        // Other processes of the run know of this one from now on, and write reports of their own.
        await within(snapshots.saveHead(pipeline.statistics.save()), maxMillis);
    } catch (error) {
        log.error(`What an earlier process of this run may have saved cannot be read: ${messageOf(error)}`);
    }
}

function restore({ statistics, batches, records }: Snapshot, pipeline: Pipeline, log: Log): void {
    try {
        pipeline.statistics.restore(statistics);
    } catch (error) {
        log.warning(
            `The counters of an earlier process of this run cannot be used: ${(error as Error).message}. Its items are sent; the report counts from nothing.`,
        );
    }
    pipeline.handover.restore({ batches, records });
    const count = batches.reduce((sum, { lines }) => sum + lines.length, records.length);
    if (count > 0) log.info(`${count} items that an earlier process of this run could not send are sent first.`);
}
