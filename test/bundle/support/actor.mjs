/** An Actor for bundlers: JavaScript, so that `scripts/bundlers.mjs` can use it without a build. */

export const FIELDS = { type: 'object', properties: { title: { type: 'string' } } };
export const INPUT = { good: [{ title: 'Alien' }, { title: 'Brazil' }], bad: [{ title: 1941 }] };
/** Pushed just before `process.exit()`, which leaves no time for anything asynchronous. */
export const LAST_ITEM = { title: 'pushed last' };

/** The text of its only file, which is valid as an ES module and as CommonJS once it is bundled: without top-level `await`. */
export function actorSource(library) {
    return `
import { Actor } from 'apify';
import { DatasetGuard } from '${library}';

async function main() {
    await Actor.init();
    const { good, bad } = await Actor.getInput();
    const guard = await DatasetGuard.open({ flushIntervalMillis: 600_000 });
    await guard.pushData([...good, ...bad]);
    await guard.flush();
    const { storedItems, quarantinedItems } = guard.report();
    console.log('before the exit: ' + storedItems + ' stored, ' + quarantinedItems + ' quarantined');
    await guard.pushData(${JSON.stringify(LAST_ITEM)});
    process.exit(0);
}
void main();
`;
}
