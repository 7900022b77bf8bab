import { Actor, log } from 'apify';

import { DatasetGuard } from '../index.js';
import { bringBack, describeRedrive, isBroughtBack } from './bring-back.js';
import { parseInput } from './input.js';
import { loadFeeds } from './load-feeds.js';
import { createFeedRouter } from './routes.js';
import type { RunOutcome } from './summary.js';
import { isComplete, statusMessage, summaryLines } from './summary.js';
import { quarantineName, whereabouts } from './whereabouts.js';

await Actor.init();
try {
    const { startUrls, quarantine: toBringBack } = parseInput(await Actor.getInput());
    const redriven = toBringBack === undefined ? undefined : await bringBack(toBringBack);
    if (redriven !== undefined) log.info(describeRedrive(redriven));
    if (redriven !== undefined && startUrls.length === 0) {
        await Actor.exit({ statusMessage: describeRedrive(redriven), exitCode: isBroughtBack(redriven) ? 0 : 1 });
    }

    const guard = await DatasetGuard.open();
    const feeds = await loadFeeds(startUrls, createFeedRouter(guard));
    const outcome: RunOutcome = { ...feeds, ...(await closeGuard(guard)) };

    const quarantine = await quarantineName();
    for (const line of summaryLines(outcome, whereabouts(quarantine))) log.info(line);
    const isDone = isComplete(outcome) && (redriven === undefined || isBroughtBack(redriven));
    const messages = [...(redriven ? [describeRedrive(redriven)] : []), statusMessage(outcome, quarantine)];
    await Actor.exit({ statusMessage: messages.join(' '), exitCode: isDone ? 0 : 1 });
} catch (error) {
    log.exception(error as Error, 'The run failed.');
    await Actor.fail((error as Error).message);
}

/** A guard that could not deliver everything is no reason to say nothing about what it did deliver. */
async function closeGuard(guard: DatasetGuard): Promise<Pick<RunOutcome, 'report' | 'problem'>> {
    try {
        return { report: await guard.close() };
    } catch (error) {
        return { report: guard.report(), problem: (error as Error).message };
    }
}
