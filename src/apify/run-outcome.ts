import { Actor } from 'apify';

/** The outcome of a run for one guard, as it is told to the outside. */
export interface RunOutcome {
    readonly level: 'info' | 'warning' | 'error';
    /** For a person: what became of the items, why, and what to do. */
    readonly message: string;
    /** The run must not look like a success: items are unsent, or the data is not what `expect` demands. */
    readonly isFailed: boolean;
    /** Nothing came to the guard: of two outcomes that are equally bad, the other one says more. */
    readonly isEmpty: boolean;
}

/** The argument of `exit` listeners: the options of `Actor.exit()`, which still count afterwards. */
export interface ExitOptions {
    exit?: boolean;
    exitCode?: number;
    timeoutSecs?: number;
    statusMessage?: string;
}

const LEVELS = ['info', 'warning', 'error'] as const;

/** By guard: one that is opened on the dataset of a closed one goes on where that ended. */
const outcomes = new Map<string, RunOutcome>();
/** The values that were written into the options of an exit, and those that the user had written there before. */
const written = new WeakMap<
    ExitOptions,
    { ownMessage: string | undefined; ownExitCode: number | undefined; message: string }
>();
const watchedEvents = new WeakSet<object>();
let isProcessWatched = false;
let shownMessage: string | undefined;

/** A guard has said how the run went. The worst that any guard of the process has said makes status message and exit code. */
export function reportOutcome(guard: string, outcome: RunOutcome): void {
    outcomes.set(guard, outcome);
    watch();
}

/** The run goes on after all. */
export function withdrawOutcome(guard: string): void {
    outcomes.delete(guard);
}

/** Adds the worst outcome to what the user says himself. His exit code is never lowered. */
export function applyOutcome(options: ExitOptions): void {
    const worst = worstOutcome();
    if (worst === undefined) return;
    const last = written.get(options);
    const ownExitCode = exitCodeOfUser(options);
    const isOurs = last !== undefined && last.message === options.statusMessage;
    const ownMessage = isOurs ? last.ownMessage : options.statusMessage;
    options.statusMessage = withOutcome(ownMessage, worst.message);
    written.set(options, { ownMessage, ownExitCode, message: options.statusMessage });
    if (worst.isFailed) options.exitCode ||= 1;
}

/** The exit code as the user has set it, whatever guards have made of it since. */
export function exitCodeOfUser(options: ExitOptions): number | undefined {
    const last = written.get(options);
    return last === undefined ? options.exitCode : last.ownExitCode;
}

/** Shows the message of a run that failed on the platform, and waits until it has arrived: the SDK gives its own attempt a millisecond. */
export async function showStatusMessage(message: string): Promise<void> {
    if (message === shownMessage || !Actor.isAtHome()) return;
    shownMessage = message;
    await Actor.setStatusMessage(message, { isStatusMessageTerminal: true, level: 'ERROR' }).catch(() => undefined);
}

/** For a run that ends without `Actor.exit()`: nobody else sets its exit code, or says why it failed. */
export async function tellNaturalEnd(): Promise<void> {
    const worst = worstOutcome();
    if (!worst?.isFailed) return;
    process.exitCode ||= 1;
    await showStatusMessage(worst.message);
}

function worstOutcome(): RunOutcome | undefined {
    return [...outcomes.values()].reduce<RunOutcome | undefined>(
        (worst, outcome) => (worst === undefined || rank(outcome) > rank(worst) ? outcome : worst),
        undefined,
    );
}

function rank({ level, isFailed, isEmpty }: RunOutcome): number {
    return (isFailed ? LEVELS.length : LEVELS.indexOf(level)) - (isEmpty ? 0.5 : 0);
}

function withOutcome(own: string | undefined, outcome: string): string {
    if (own === undefined || own.trim() === '') return outcome;
    return /[.!?…:]\s*$/.test(own) ? `${own.trimEnd()} ${outcome}` : `${own.trimEnd()}. ${outcome}`;
}

/** A guard that is closed does not listen any more, but what it has said still counts when the run ends. */
function watch(): void {
    const events = Actor.config.getEventManager();
    if (!watchedEvents.has(events)) {
        watchedEvents.add(events);
        events.on('exit' as never, applyOutcome as never);
    }
    if (isProcessWatched) return;
    isProcessWatched = true;
    process.on('beforeExit', () => {
        void tellNaturalEnd();
    });
    process.on('exit', () => {
        if (worstOutcome()?.isFailed) process.exitCode ||= 1;
    });
}
