import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';

import type { SnapshotHead } from './snapshot.js';

const MAX_NAME_LENGTH = 60;

/** The process, and the thread in it, that a head written here belongs to. */
export const THIS_PROCESS = Object.freeze({
    host: hostname(),
    pid: process.pid,
    processStartedAt: Math.round(performance.timeOrigin),
    threadId,
});

/** Keys of heads. Guards of one process share the run's key-value store, and each has a head of its own there. */
export const liveHeads = new Set<string>();

export function headPrefix(datasetId: string): string {
    return `DATASET-GUARD-STATE-${toName(datasetId)}-`;
}

/** The key of the head of this process's guard with the slot. */
export function headKey(prefix: string, slot: number): string {
    const { host, pid, processStartedAt } = THIS_PROCESS;
    const thread = threadId === 0 ? '' : `.${threadId}`;
    return `${prefix}${toName(host)}-${pid}${thread}-${processStartedAt}-${slot}`;
}

/** Whether the guard that has written this head may still be at work. */
export function isLive(key: string, { host, pid, processStartedAt, threadId: thread = 0 }: SnapshotHead): boolean {
    if (host !== THIS_PROCESS.host) return false;
    if (pid === THIS_PROCESS.pid) {
        // Nothing tells whether another thread is still at work.
        return processStartedAt === THIS_PROCESS.processStartedAt && (thread !== threadId || liveHeads.has(key));
    }
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        // Somebody else's process.
        return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
}

/** A part of a key: letters, digits, dots and underscores. */
function toName(text: string): string {
    return text.replace(/[^\w.]+/g, '_').slice(0, MAX_NAME_LENGTH);
}
