import { Actor, log } from 'apify';

import type { RedriveResult } from '../index.js';
import { redriveQuarantine } from '../index.js';

/** Brings the items of a quarantine back into this run's dataset, as far as they match the schema as it is now. */
export async function bringBack(quarantine: string): Promise<RedriveResult> {
    const controller = new AbortController();
    // The batch under way is finished; the next run goes on from there.
    const stop = () => controller.abort();
    Actor.on('aborting', stop);
    Actor.on('migrating', stop);
    try {
        const result = await redriveQuarantine({ quarantine, signal: controller.signal });
        for (const problem of result.problems) log.warning(problem);
        return result;
    } finally {
        Actor.off('aborting', stop);
        Actor.off('migrating', stop);
    }
}

/** Whether the whole quarantine was looked at, and nothing went wrong. An item that fails again is no failure of the run. */
export function isBroughtBack({ isComplete, failedRecords }: RedriveResult): boolean {
    return isComplete && failedRecords === 0;
}

/** Tells the result in one sentence. */
export function describeRedrive(result: RedriveResult): string {
    const number = (amount: number) => amount.toLocaleString('en-US');
    const parts = [
        `Brought back ${number(result.storedItems)} of ${number(result.readRecords)} items from quarantine`,
        ...(result.quarantinedItems > 0 ? [`${number(result.quarantinedItems)} failed again`] : []),
        ...(result.skippedRecords > 0 ? [`${number(result.skippedRecords)} left as they are`] : []),
        ...(result.failedRecords > 0 ? [`${number(result.failedRecords)} could not be read or sent`] : []),
        ...(result.isComplete ? [] : ['not all were looked at']),
    ];
    return `${parts.join('; ')}.`;
}
