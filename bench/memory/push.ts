import { Actor } from 'apify';

import { DatasetGuard } from '../../src/index.js';
import { createItem } from './item.js';

/** Pushes items of one size, one by one, and prints how the memory of this process changed. */
const [items, itemBytes] = process.argv.slice(2).map(Number) as [number, number];
const ITEMS_PER_SAMPLE = Math.max(1, Math.floor(items / 10));

await Actor.init();
const guard = await DatasetGuard.open();
const startBytes = process.memoryUsage.rss();
const startMillis = performance.now();
const samples = [sample(0)];
for (let number = 0; number < items; number++) {
    await guard.pushData(createItem(number, itemBytes));
    if ((number + 1) % ITEMS_PER_SAMPLE === 0) samples.push(sample(number + 1));
}
const report = await guard.close();

const seconds = (performance.now() - startMillis) / 1_000;
process.send?.({ seconds, startBytes, peakBytes: peak(), samples, report });
await Actor.exit();

function sample(pushedItems: number) {
    return { pushedItems, rssBytes: process.memoryUsage.rss(), peakSoFarBytes: peak() };
}

/** As the kernel counts it, so that nothing between two samples is missed. */
function peak(): number {
    return process.resourceUsage().maxRSS * 1_024;
}
