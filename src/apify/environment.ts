import { log } from 'apify';

import type { InternalOptions, Log } from '../ports.js';

/** The ids of this Actor, run and build; empty where no platform has started it. */
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

const LOCAL_RUN_ID = `local-${new Date(performance.timeOrigin).toISOString().replace(/[-:]|\..*/g, '')}-${process.pid}`;

/** The same with a run in any case: outside the platform each process is one, so that its records can be told from others. */
export function readRecordOrigin(): RunIdentity & { actorRunId: string } {
    return { actorRunId: LOCAL_RUN_ID, ...readRunIdentity() };
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
    maxRestoreMillis: 30_000,
};

/** The SDK's log, with a prefix of the guard's own. */
export function createLog(): Log {
    return log.child({ prefix: 'DatasetGuard' });
}
