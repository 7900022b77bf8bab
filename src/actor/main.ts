import { Actor, log } from 'apify';

import { DatasetGuard } from '../index.js';
import { bringBack, describeRedrive, isBroughtBack } from './bring-back.js';
import { parseInput } from './input.js';
import type { FailedFeed } from './load-feeds.js';
import { loadFeeds } from './load-feeds.js';
import { createFeedRouter } from './routes.js';

await Actor.init();
try {
    const { startUrls, quarantine } = parseInput(await Actor.getInput());
    const messages: string[] = [];
    let isDone = true;
    if (quarantine !== undefined) {
        const redriven = await bringBack(quarantine);
        log.info(describeRedrive(redriven));
        messages.push(describeRedrive(redriven));
        isDone = isBroughtBack(redriven);
    }
    if (quarantine === undefined || startUrls.length > 0) {
        const guard = await DatasetGuard.open({ expect: { maxQuarantined: 0.2 } });
        const failedFeeds = await loadFeeds(startUrls, createFeedRouter(guard));
        for (const { url, message } of failedFeeds) log.error(`Failed feed: ${url}: ${message}`);
        if (failedFeeds.length > 0) messages.push(describeFailures(failedFeeds));
        isDone &&= failedFeeds.length === 0;
    }
    // The guard stores what it holds, and adds what became of the items.
    await Actor.exit({ statusMessage: messages.join(' '), exitCode: isDone ? 0 : 1 });
} catch (error) {
    log.exception(error as Error, 'The run failed.');
    await Actor.fail((error as Error).message);
}

function describeFailures(failedFeeds: readonly FailedFeed[]): string {
    const count = failedFeeds.length === 1 ? '1 feed' : `${failedFeeds.length.toLocaleString('en-US')} feeds`;
    return `${count} failed: ${failedFeeds[0]!.message.replace(/\.$/, '')}.`;
}
