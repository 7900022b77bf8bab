import { describe, expect, it } from 'vitest';

import { MinuteLog } from '../../src/report/minute-log.js';
import { Statistics } from '../../src/report/statistics.js';
import { HandClock } from '../support/stage-clock.js';

const MINUTE_MILLIS = 60_000;

function start() {
    const clock = new HandClock();
    const statistics = new Statistics(() => clock.now(), true);
    const { counters } = statistics;
    const lines: string[] = [];
    const say = (message: string) => void lines.push(message);
    const log = { debug: say, info: say, warning: say, error: say };
    const minuteLog = new MinuteLog({ clock, log, report: () => statistics.report() });
    return { clock, statistics, counters, lines, minuteLog };
}

describe('while a run goes on', () => {
    it('one line tells of each minute in which something changed', async () => {
        const { clock, counters, lines } = start();
        await clock.advance(MINUTE_MILLIS - 1);
        expect(lines).toEqual([]);
        counters.received(3_205);
        counters.stored(3_181);
        counters.quarantined(20);
        await clock.advance(1);
        counters.received(1);
        counters.stored(1);
        counters.requestRetried();
        counters.requestRetried();
        await clock.advance(MINUTE_MILLIS);
        expect(lines).toEqual([
            'Stored 3,181 of 3,205 items; 20 (< 1 %) in quarantine; 4 under way. In the last minute: 3,205 received, 3,181 stored, 20 quarantined.',
            'Stored 3,182 of 3,206 items; 20 (< 1 %) in quarantine; 4 under way. In the last minute: 1 received, 1 stored, 2 requests retried.',
        ]);
    });

    it('no line tells of a minute in which nothing did', async () => {
        const { clock, counters, lines } = start();
        counters.received(1);
        counters.stored(1);
        await clock.advance(10 * MINUTE_MILLIS);
        expect(lines).toHaveLength(1);
        counters.received(1);
        counters.stored(1);
        await clock.advance(10 * MINUTE_MILLIS);
        expect(lines).toHaveLength(2);
    });

    it('what an earlier process of the run did is no change', async () => {
        const { clock, statistics, counters, lines, minuteLog } = start();
        minuteLog.stop();
        counters.received(500);
        counters.stored(500);
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
        const { clock, counters, lines, minuteLog } = start();
        counters.received(1);
        counters.stored(1);
        minuteLog.stop();
        await clock.advance(MINUTE_MILLIS);
        expect([lines, clock.armedTimers]).toEqual([[], 0]);
    });
});
