import type { Log, Owner, Payload } from '../../src/ports.js';
import type { RequestInfo } from '../../src/records.js';

type Settlement = Parameters<Owner['settle']>[0];

/** Somebody who waits for items, and remembers what was told. */
export class RecordingOwner implements Owner {
    readonly settlements: Settlement[] = [];

    constructor(
        readonly name = 'somebody',
        readonly request?: RequestInfo,
    ) {}

    settle(outcome: Settlement): void {
        this.settlements.push(outcome);
    }

    total(kind: 'stored' | 'quarantined' | 'takenBack'): number {
        return this.settlements.reduce((sum, settlement) => sum + (settlement[kind] ?? 0), 0);
    }
}

export interface LogLine {
    level: string;
    message: string;
    data?: unknown;
}

/** A log that keeps its lines. */
export function keptLog(): Log & { lines: LogLine[] } {
    const lines: LogLine[] = [];
    const at = (level: string) => (message: string, data?: unknown) => void lines.push({ level, message, data });
    return { lines, debug: at('debug'), info: at('info'), warning: at('warning'), error: at('error') };
}

/** The items of a payload, as its receiver reads them. */
export function itemsOf(payload: Payload): unknown[] {
    return JSON.parse(payload.body.toString('utf8')) as unknown[];
}

/** The JSON of each item of a payload. */
export function textsOf(payload: Payload): string[] {
    return Array.from({ length: payload.itemCount }, (_, index) => payload.itemText(index));
}
