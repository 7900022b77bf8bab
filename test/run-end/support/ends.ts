import { setTimeout as sleep } from 'node:timers/promises';

import type { RunningScript } from '../../support/run-script.js';
import type { Place } from './places.js';
import { type ProgramOptions, waitForText } from './program.js';
import { signalled, told } from './troubles.js';

/** An end of a run: a row of the matrix. */
export interface RunEnd {
    name: string;
    places: readonly Place['name'][];
    /** How a program without a crawler comes to it; undefined where that cannot be. */
    main?: Partial<ProgramOptions>;
    /** How a crawler comes to it while five handlers are running. */
    crawler?: Partial<ProgramOptions>;
    /** The run goes on in another process. */
    goesOn?: boolean;
}

const BOTH = ['platform', 'local'] as const;
const PLATFORM = ['platform'] as const;
/** Crawlee gives running handlers 20 s to return. */
const idle = (options: Partial<ProgramOptions>): Partial<ProgramOptions> => ({ ...options, isIdle: true });

const MIGRATION = told('migrating', { timeRemainingSecs: 40 });
const ABORT = told('aborting');
const AT_TIMEOUT: Partial<ProgramOptions> = {
    end: 'waits',
    isIdle: true,
    env: () => ({ ACTOR_TIMEOUT_AT: new Date(Date.now() + 25_000).toISOString() }),
    afterAsking: killAtTimeout,
};

/** All ends of the table "The ends of a run" but for those that leave no time for anything. Those that take longest come first. */
export const RUN_ENDS: readonly RunEnd[] = [
    {
        name: 'a migration, and handlers that do not return',
        places: PLATFORM,
        goesOn: true,
        crawler: idle(MIGRATION),
    },
    {
        name: 'Actor.reboot()',
        places: PLATFORM,
        goesOn: true,
        main: { end: 'Actor.reboot()' },
        crawler: idle({ end: 'Actor.reboot()' }),
    },
    { name: 'a graceful abort, and handlers that do not return', places: PLATFORM, crawler: idle(ABORT) },
    {
        name: "the run's timeout",
        places: PLATFORM,
        main: AT_TIMEOUT,
        crawler: AT_TIMEOUT,
    },
    {
        name: 'a migration',
        places: PLATFORM,
        goesOn: true,
        main: MIGRATION,
        crawler: { ...MIGRATION, handlersReturnOn: 'migrating' },
    },
    { name: 'a graceful abort', places: PLATFORM, main: ABORT, crawler: { ...ABORT, handlersReturnOn: 'aborting' } },
    {
        name: 'Actor.metamorph()',
        places: PLATFORM,
        main: { end: 'Actor.metamorph()' },
        crawler: { end: 'Actor.metamorph()' },
    },
    { name: 'Actor.exit()', places: BOTH, main: { end: 'Actor.exit()' }, crawler: { end: 'Actor.exit()' } },
    { name: 'Actor.fail()', places: BOTH, main: { end: 'Actor.fail()' }, crawler: { end: 'Actor.fail()' } },
    { name: 'Actor.main() that returns', places: BOTH, main: { end: 'returns', inActorMain: true } },
    { name: 'Actor.main() that throws', places: BOTH, main: { end: 'throws', inActorMain: true } },
    {
        name: 'nothing left to do',
        places: BOTH,
        main: { end: 'nothing left to do' },
        crawler: { end: 'returns', afterRun: 'nothing left to do' },
    },
    {
        name: 'guard.close()',
        places: BOTH,
        main: { end: 'guard.close()' },
        crawler: { end: 'guard.close()' },
    },
    { name: 'an uncaught error', places: BOTH, main: { end: 'throws' } },
    {
        name: 'a throw in a timer',
        places: BOTH,
        main: { end: 'throws in a timer' },
        crawler: { end: 'throws in a timer' },
    },
    {
        name: 'an unhandled rejection',
        places: BOTH,
        main: { end: 'leaves a rejection unhandled' },
        crawler: { end: 'leaves a rejection unhandled' },
    },
    {
        name: 'process.exit(3)',
        places: BOTH,
        main: { end: 'process.exit(3) in a timer' },
        crawler: { end: 'process.exit(3) in a timer' },
    },
    {
        name: 'SIGINT',
        places: BOTH,
        main: signalled('SIGINT'),
        // Crawlee listens while it runs, and waits for the handlers.
        crawler: { ...signalled('SIGINT'), handlersReturnOnSigint: true },
    },
    {
        name: 'SIGINT twice, and handlers that do not return',
        places: BOTH,
        crawler: {
            end: 'waits',
            afterAsking: async (script) => {
                const paused = waitForText(script, 'Pausing...');
                script.child.kill('SIGINT');
                await paused;
                script.child.kill('SIGINT');
            },
        },
    },
    { name: 'SIGTERM', places: BOTH, main: signalled('SIGTERM'), crawler: signalled('SIGTERM') },
    { name: 'SIGHUP', places: BOTH, main: signalled('SIGHUP'), crawler: signalled('SIGHUP') },
];

/** The platform kills a run at its timeout; this does once each guard has written its report, because then nothing more can come. */
async function killAtTimeout(script: RunningScript, { env, records }: Place, { via }: ProgramOptions): Promise<void> {
    const guards = via.filter((entryPoint) => entryPoint !== 'bare').length;
    const timeoutAt = Date.parse(env.ACTOR_TIMEOUT_AT!);
    const reports = async () =>
        [...(await records()).keys()].filter((key) => /^DATASET-GUARD-REPORT(\.|$)/.test(key)).length;
    while (Date.now() < timeoutAt && (await reports()) < guards) await sleep(50);
    script.child.kill('SIGKILL');
}
