import { log } from 'apify';
import { Logger } from '@crawlee/basic';
import { onTestFinished } from 'vitest';

/** Collects what guards that are opened from now on log, until the test is over. */
export function collectLog(): string[] {
    const lines: string[] = [];
    class Collector extends Logger {
        override _log(_level: unknown, message: string): void {
            lines.push(message);
        }
    }
    const { logger, level } = log.getOptions();
    log.setOptions({ logger: new Collector({}), level: log.LEVELS.INFO });
    onTestFinished(() => log.setOptions({ logger, level }));
    return lines;
}
