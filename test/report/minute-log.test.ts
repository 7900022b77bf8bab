import { describe, expect, it } from 'vitest';

import { MinuteLog } from '../../src/report/minute-log.js';
import { Statistics } from '../../src/report/statistics.js';
import { HandClock } from '../support/stage-clock.js';

const MINUTE_MILLIS = 60_000;

function start() {
    const clock = new HandClock();
    const statistics = new Statistics(
        () => clock.now(),
        true,
        () => 4,
    );
    const lines: string[] = [];
    const say = (message: string) => void lines.push(message);
    const log = { debug: say, info: say, warning: say, error: say };
    const minuteLog = new MinuteLog({ clock, log, report: () => statistics.report() });
    return { clock, statistics, lines, minuteLog };
}

describe('while a run goes on', () => {
    it('one line tells of each minute in which something changed', async () => {
        const { clock, statistics, lines } = start();
        await clock.advance(MINUTE_MILLIS - 1);
        expect(lines).toEqual([]);
        statistics.receivedItems += 3_205;
        statistics.storedItems += 3_181;
        statistics.quarantinedItems += 20;
        await clock.advance(1);
        statistics.receivedItems += 1;
        statistics.storedItems += 1;
        statistics.retriedRequests += 2;
        await clock.advance(MINUTE_MILLIS);
        expect(lines).toEqual([
            'Stored 3,181 items, 20 in quarantine, 4 under way. In the last minute: 3,205 received, 3,181 stored, 20 quarantined.',
            'Stored 3,182 items, 20 in quarantine, 4 under way. In the last minute: 1 received, 1 stored, 2 requests retried.',
        ]);
    });

    it('no line tells of a minute in which nothing did', async () => {
        const { clock, statistics, lines } = start();
        statistics.storedItems += 1;
        await clock.advance(10 * MINUTE_MILLIS);
        expect(lines).toHaveLength(1);
        statistics.storedItems += 1;
        await clock.advance(10 * MINUTE_MILLIS);
        expect(lines).toHaveLength(2);
    });

    it('what an earlier process of the run did is no change', async () => {
        const { clock, statistics, lines, minuteLog } = start();
        minuteLog.stop();
        statistics.storedItems = 500;
        const later = new MinuteLog({
            clock,
            log: { debug: () => {}, info: (line) => void lines.push(line), warning: () => {}, error: () => {} },
            report: () => statistics.report(),
        });
        await clock.advance(MINUTE_MILLIS);
        expect(lines).toEqual([]);
        later.stop();
    });

    it('nothing is said any more once it was stopped, and no timer is left', async () => {
        const { clock, statistics, lines, minuteLog } = start();
        statistics.storedItems += 1;
        minuteLog.stop();
        await clock.advance(MINUTE_MILLIS);
        expect([lines, clock.armedTimers]).toEqual([[], 0]);
    });
});
