import { log } from 'apify';

import type { InternalOptions, Log } from '../ports.js';

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

/** They follow from the platform's times and from apify-client's retries: two minutes at least. */
export const INTERNAL_DEFAULTS: InternalOptions = {
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
