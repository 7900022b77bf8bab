import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiServer, Fault } from '../../support/api-server.js';
import type { RunningScript } from '../../support/run-script.js';
import type { PlatformPlace } from './places.js';
import type { ProgramOptions } from './program.js';

const PUSHES = { method: 'POST', path: /\/items$/ } as const;

/** From the moment on at which the program has done its work, every answer takes 300 ms. */
export const slow: Partial<ProgramOptions> = {
    whenReady: (_script, { server }) => {
        server!.latencyMillis = 300;
    },
};

/** From the moment on at which the program has done its work, the platform takes no items. */
export const down = (status: number): Partial<ProgramOptions> => ({
    whenReady: (_script, { server }) => refusePushes(server!, status),
});

/** The same for a program that sends what an earlier process has left: it is refused only then, too. */
export function downOnceReady({ server }: PlatformPlace, status: number): Partial<ProgramOptions> {
    let tellReady = () => undefined as void;
    const isReady = new Promise<void>((resolve) => {
        tellReady = resolve;
    });
    server.faults.clear();
    server.faults.next({ ...PUSHES, times: 100_000, fault: { status, until: isReady } });
    return { whenReady: () => tellReady() };
}

/** Once the program has done its work, one request to store items goes wrong: the first, unless others are skipped. */
export const once = (fault: Fault, skip = 0): Partial<ProgramOptions> => ({
    whenReady: (_script, { server }) => server!.faults.next({ ...PUSHES, skip, fault }),
});

export function refusePushes(server: ApiServer, status: number): void {
    server.faults.next({ ...PUSHES, times: 100_000, fault: { status } });
}

/** The program ends while its only request is under way, and never gets an answer to it. Its items are stored, or not. */
export function underWay({ server }: PlatformPlace, isStored: boolean): Partial<ProgramOptions> {
    server.faults.next({ ...PUSHES, fault: { hang: true, when: isStored ? 'after' : 'before' } });
    return {
        inOnePush: true,
        flawless: true,
        guardOptions: { flushIntervalMillis: 0 },
        internalOptions: { requestTimeoutSecs: 2 },
        whenReady: async (script) => pushArrived(script, server),
    };
}

/**
 * The program ends while its items are sent in halves, because the whole was too large: the left half is stored, and the right one
 * without an answer. It is stored, or not.
 */
export function halfUnderWay({ server }: PlatformPlace, isStored: boolean): Partial<ProgramOptions> {
    server.faults.next({ ...PUSHES, fault: { status: 413 } });
    server.faults.next({ ...PUSHES, skip: 1, fault: { hang: true, when: isStored ? 'after' : 'before' } });
    return {
        inOnePush: true,
        flawless: true,
        guardOptions: { flushIntervalMillis: 0 },
        whenReady: async (script) => until(script, () => server.requestCount(PUSHES) === 3),
    };
}

/** The program ends while its only request is under way, which the server stores only once nobody waits for the answer any more. */
export function storedOnceGivenUp({ server }: PlatformPlace): Partial<ProgramOptions> {
    server.faults.next({ ...PUSHES, fault: { givenUp: true, delayMillis: 80 } });
    return {
        inOnePush: true,
        flawless: true,
        guardOptions: { flushIntervalMillis: 0 },
        whenReady: async (script) => pushArrived(script, server),
    };
}

/** Resolves once a request to store items has arrived whole; rejects when the process ends without one. */
export async function pushArrived(script: RunningScript, server: ApiServer): Promise<void> {
    await until(script, () => server.requestCount(PUSHES) > 0);
}

/** Resolves once the condition holds; rejects when the process ends before. */
export async function until({ child }: RunningScript, holds: () => boolean): Promise<void> {
    while (!holds()) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error('The process ended too early.');
        await sleep(10);
    }
}

/** The process gets the signal. */
export const signalled = (signal: NodeJS.Signals): Partial<ProgramOptions> => ({
    end: 'waits',
    afterAsking: (script: RunningScript) => void script.child.kill(signal),
});

/** The platform tells the run of an event. */
export const told = (event: string, data?: Record<string, unknown>): Partial<ProgramOptions> => ({
    end: 'waits',
    afterAsking: async (_script, { server }) => {
        await server!.events.connected();
        server!.emitEvent(event, data);
    },
});
