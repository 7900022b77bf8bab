import { Actor, log } from 'apify';

import type { Clock, Log } from '../ports.js';

/** Which Actor, run and build this is; empty on a laptop. */
export interface RunIdentity {
    actorId?: string;
    actorRunId?: string;
    actorBuildId?: string;
}

export function readRunIdentity(): RunIdentity {
    const { actorId, actorRunId, actorBuildId } = Actor.getEnv();
    return {
        ...(actorId && { actorId }),
        ...(actorRunId && { actorRunId }),
        ...(actorBuildId && { actorBuildId }),
    };
}

/** `owner/actor-name` on the platform. */
export function readActorFullName(): string | undefined {
    return process.env.ACTOR_FULL_NAME || undefined;
}

export const systemClock: Clock = {
    now: () => Date.now(),
    after(millis, callback) {
        const timer = setTimeout(callback, millis);
        timer.unref();
        return () => clearTimeout(timer);
    },
    sleep: async (millis) =>
        new Promise((resolve) => {
            setTimeout(resolve, millis);
        }),
};

/** The SDK's log, with a prefix of the guard's own. */
export function createLog(): Log {
    return log.child({ prefix: 'DatasetGuard' });
}
