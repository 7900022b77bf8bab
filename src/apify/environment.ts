import { AsyncResource } from 'node:async_hooks';

import { log } from 'apify';

import type { Clock, Log, Tuning } from '../ports.js';

/** Which Actor, run and build this is; empty on a laptop. */
export interface RunIdentity {
    actorId?: string;
    actorRunId?: string;
    actorBuildId?: string;
}

/** Read from the environment: `Actor.getEnv()` leaves the build out. */
export function readRunIdentity(): RunIdentity {
    const [actorId, actorRunId, actorBuildId] = ['ID', 'RUN_ID', 'BUILD_ID'].map(readActorVariable);
    return {
        ...(actorId && { actorId }),
        ...(actorRunId && { actorRunId }),
        ...(actorBuildId && { actorBuildId }),
    };
}

/** `ACTOR_BUILD_ID` and the like, or their older names (`APIFY_ACTOR_BUILD_ID`). */
export function readActorVariable(name: string): string | undefined {
    return process.env[`ACTOR_${name}`] || process.env[`APIFY_ACTOR_${name}`] || undefined;
}

/** `owner/actor-name` on the platform. */
export function readActorFullName(): string | undefined {
    return readActorVariable('FULL_NAME');
}

/**
 * The system's clock. Its callbacks run in the async context of whoever made it: in that of the handler that happened to
 * push first, Crawlee's adaptive crawler would see a handler touch a storage behind its back.
 */
export function createClock(): Clock {
    const inThisContext = AsyncResource.bind((callback: () => void) => callback());
    return {
        now: () => Date.now(),
        after(millis, callback) {
            const timer = setTimeout(() => inThisContext(callback), millis);
            timer.unref();
            return () => clearTimeout(timer);
        },
        sleep: async (millis) =>
            new Promise((resolve) => {
                setTimeout(resolve, millis);
            }),
    };
}

/** What follows from the platform's times and from apify-client's retries: two minutes at least. */
export const TUNING: Tuning = {
    listingLagMillis: 10_000,
    firstRetryDelayMillis: 500,
    maxRetries: 8,
    requestTimeoutSecs: 30,
    maxLocalWrites: 32,
};

/** The SDK's log, with a prefix of the guard's own. */
export function createLog(): Log {
    return log.child({ prefix: 'DatasetGuard' });
}
