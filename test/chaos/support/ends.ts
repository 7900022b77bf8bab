import type { ApiServer } from '../../support/api-server.js';

interface Signalled {
    signal(name: NodeJS.Signals): void;
}

/** How the processes of all runs end, in the middle of their work. */
export interface End {
    name: string;
    /** The platform stores nothing meanwhile, or at least never says so. */
    isDown?: boolean;
    /** The run has a timeout, and ends with it. */
    timeoutMillis?: number;
    /** Nothing asynchronous happens any more: what is left has a few seconds, and one attempt. */
    isAtOnce?: boolean;
    /** Only announced: the runs go on, and the next end comes. */
    comesNot?: boolean;
    /** A process that has not gone by then is stuck. */
    maxMillis: number;
    /** Makes it happen. */
    begin(server: ApiServer, writers: readonly Signalled[]): void;
}

/** The platform kills a run 30 s after it has announced that. */
const PLATFORM_MILLIS = 29_000;
/** The SDK lets the guard flush for 30 s before it begins to exit, and then for the `timeoutSecs` of the call. */
const EXIT_MILLIS = 75_000;
/** What is sent without the event loop has 10 s, and a child process has to start. */
const AT_ONCE_MILLIS = 20_000;

const announced = (event: 'migrating' | 'aborting', isDown: boolean): End => ({
    name: isDown ? `${event} while down` : event,
    isDown,
    maxMillis: PLATFORM_MILLIS,
    begin: (server) => void server.emitEvent(event, { timeRemainingSecs: isDown ? 3 : 10 }),
});

/** In the program itself. */
const own = (end: string, isAtOnce: boolean): End => ({
    name: end,
    isAtOnce,
    maxMillis: isAtOnce ? AT_ONCE_MILLIS : EXIT_MILLIS,
    begin: (server) => void server.emitEvent('chaos', { end }),
});

const signal = (name: 'SIGTERM' | 'SIGINT'): End => ({
    name,
    isAtOnce: true,
    maxMillis: AT_ONCE_MILLIS,
    begin: (_server, writers) => {
        for (const writer of writers) writer.signal(name);
    },
});

/** The half of it is announced 10 s before, and the other is for the start of a process. */
const RUN_MILLIS = 14_000;

/** All ends of a run, each of which some process of the suite has to come to. */
export const ENDS: readonly End[] = [
    announced('migrating', false),
    own('an uncaught error', true),
    announced('aborting', true),
    signal('SIGTERM'),
    {
        name: 'migrating, which does not come',
        comesNot: true,
        maxMillis: PLATFORM_MILLIS,
        begin: (server) => void server.emitEvent('migrating', { timeRemainingSecs: 1, comesNot: true }),
    },
    own('Actor.exit()', false),
    announced('migrating', true),
    own('process.exit()', true),
    announced('aborting', false),
    own('an unhandled rejection', true),
    { name: 'the timeout of the run', timeoutMillis: RUN_MILLIS, maxMillis: RUN_MILLIS, begin: () => undefined },
    own('Actor.fail()', false),
    signal('SIGINT'),
];
