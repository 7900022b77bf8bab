export interface ActorScriptOptions {
    /** Of `DatasetGuard.open`: nothing flushes by itself unless they say so. */
    options?: Record<string, unknown>;
    /** The platform's times, cut short. */
    internals?: Record<string, number>;
    /** Of `Actor.init`. */
    init?: Record<string, unknown>;
    /** Comes between `Actor.init` and `DatasetGuard.open`. */
    before?: string;
}

/** Text of an Actor that opens a guard and goes on with `body`. A rejection that nobody handles ends it with exit code 99. */
export function actorScript(
    body: string,
    { options, internals, init = {}, before = '' }: ActorScriptOptions = {},
): string {
    const guardOptions = JSON.stringify({ flushIntervalMillis: 600_000, ...options });
    const times = JSON.stringify({ listingLagMillis: 200, firstRetryDelayMillis: 20, ...internals });
    return `
import { Actor } from 'apify';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatasetGuard } from 'apify-dataset-guard';
process.on('unhandledRejection', (error) => { console.log('UNHANDLED', error); process.exit(99); });
await Actor.init(${JSON.stringify(init)});
${before}
const guard = await DatasetGuard.open(${guardOptions}, ${times});
${body}`;
}
