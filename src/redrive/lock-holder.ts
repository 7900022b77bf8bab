import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** The process that redrives. */
export interface LockHolder {
    id: string;
    host: string;
    pid: number;
    runId?: string;
    /** Grows with each renewal. Others only watch whether the record changes, because the clocks of two hosts may differ. */
    renewals: number;
    /** The time of the last renewal, for people. */
    at: string;
}

/** The locks of this process. */
const heldIds = new Set<string>();

export function createHolder(runId: string | undefined, now: number): LockHolder {
    const id = randomUUID();
    // Remembered before the lock is written: a second redrive of this process may read it at once.
    heldIds.add(id);
    const at = new Date(now).toISOString();
    return { id, host: hostname(), pid: process.pid, ...(runId && { runId }), renewals: 0, at };
}

export function forgetHolder({ id }: LockHolder): void {
    heldIds.delete(id);
}

/** `undefined` for what no redrive has written. */
export function parseHolder(text: string | undefined): LockHolder | undefined {
    try {
        const holder = JSON.parse(text ?? 'null') as Partial<LockHolder> | null;
        return typeof holder?.id === 'string' && typeof holder.pid === 'number' ? (holder as LockHolder) : undefined;
    } catch {
        return undefined;
    }
}

export function describeHolder(holder: LockHolder | undefined): string {
    return holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
}

/** `undefined` where only watching tells. */
export function isHolderAlive(other: LockHolder, own: LockHolder): boolean | undefined {
    if (heldIds.has(other.id)) return true;
    if (other.host === own.host) {
        // In containers of one host name, each main process has the same number.
        return other.pid === own.pid ? undefined : isProcessAlive(other.pid);
    }
    // A run has one container at a time: this one follows that of the holder.
    return own.runId !== undefined && other.runId === own.runId ? false : undefined;
}

function isProcessAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        // The process belongs to another user.
        return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
}
