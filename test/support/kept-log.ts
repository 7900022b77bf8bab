import type { Log } from '../../src/ports.js';

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
