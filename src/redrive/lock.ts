import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { RedriveError } from '../errors.js';
import type { JournalStore } from '../ports.js';
import type { Clock } from '../utils/clock.js';

/** Who redrives. */
interface Holder {
    id: string;
    host: string;
    pid: number;
    runId?: string;
    /** Last sign of life, ISO 8601. */
    at: string;
}

const KEY = 'LOCK';
const SIGN_MILLIS = 15_000;
/** A holder that cannot be asked is taken for dead after so long without a sign. */
const DEAD_MILLIS = 60_000;

/** One redrive of a quarantine at a time. */
export class Lock {
    readonly #store: JournalStore;
    readonly #clock: Clock;
    readonly #holder: Holder;
    readonly #timer: NodeJS.Timeout;

    private constructor(store: JournalStore, clock: Clock, holder: Holder) {
        this.#store = store;
        this.#clock = clock;
        this.#holder = holder;
        this.#timer = setInterval(() => {
            this.#giveSign().catch(() => undefined);
        }, SIGN_MILLIS);
        this.#timer.unref();
    }

    /** @throws RedriveError while another redrive holds it */
    static async acquire(store: JournalStore, clock: Clock, runId: string | undefined): Promise<Lock> {
        const id = randomUUID();
        const now = clock.now();
        const holder: Holder = { id, host: hostname(), pid: process.pid, ...(runId && { runId }), at: iso(now) };
        if (!(await store.create(KEY, JSON.stringify(holder)))) {
            const other = parse(await store.read(KEY));
            if (other !== undefined && !isDead(other, holder, now)) throw inProgress(other, now);
            await store.remove(KEY);
            if (!(await store.create(KEY, JSON.stringify(holder)))) throw inProgress(parse(await store.read(KEY)), now);
        }
        return new Lock(store, clock, holder);
    }

    /** @throws RedriveError when another has taken it, which it may after a minute without a sign */
    async check(): Promise<void> {
        const other = parse(await this.#store.read(KEY));
        if (other?.id !== this.#holder.id) throw inProgress(other, this.#clock.now());
    }

    async release(): Promise<void> {
        clearInterval(this.#timer);
        if (parse(await this.#store.read(KEY))?.id === this.#holder.id) await this.#store.remove(KEY);
    }

    async #giveSign(): Promise<void> {
        await this.check();
        await this.#store.write(KEY, JSON.stringify({ ...this.#holder, at: iso(this.#clock.now()) }));
    }
}

/** A process of this machine can be asked; a run has one process at a time. */
function isDead(other: Holder, { host, runId }: Holder, now: number): boolean {
    if (now - Date.parse(other.at) > DEAD_MILLIS) return true;
    if (other.host === host) return !isAlive(other.pid);
    return runId !== undefined && other.runId === runId;
}

function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        // Somebody else's process.
        return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
}

function parse(text: string | undefined): Holder | undefined {
    try {
        return text === undefined ? undefined : (JSON.parse(text) as Holder);
    } catch {
        return undefined;
    }
}

function inProgress(other: Holder | undefined, now: number): RedriveError {
    const who = other === undefined ? 'another process' : `process ${other.pid} on ${other.host}`;
    const seen = other === undefined ? '' : `, last seen ${Math.round((now - Date.parse(other.at)) / 1_000)} s ago`;
    return new RedriveError(
        `The quarantine is being redriven by ${who}${seen}. Wait until it is done; ` +
            `if it has died, its lock ends ${DEAD_MILLIS / 1_000} s after its last sign of life.`,
    );
}

function iso(millis: number): string {
    return new Date(millis).toISOString();
}
