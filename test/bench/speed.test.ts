import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { Sample } from '../../bench/speed/measurement.js';
import type { Results } from '../../bench/speed/results.js';
import { REPOSITORY, run } from '../actor/support/actor-run.js';
import { IS_LONG } from '../support/mode.js';

const MAX_REQUEST_BYTES = 9_437_184;
/** So little that only the start of the processes takes time. */
const BRIEFLY = ['--pairs', '1', '--seconds', '0.02'];

async function bench(...args: string[]) {
    return run(process.execPath, [join(REPOSITORY, 'bench/speed.mjs'), ...args], REPOSITORY);
}

async function results(...args: string[]): Promise<Results & { output: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'guard-bench-test-'));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'results.json');
    const { exitCode, output } = await bench(...args, '--json', file);
    expect(exitCode, output).toBe(0);
    return { ...JSON.parse(await readFile(file, 'utf8')), output };
}

/** Half a minute on a machine that has nothing else to do. */
const TIMEOUT = { timeout: 600_000 };

/** Items of a sample, each in its place, are checked by the benchmark itself: a contender that loses one fails. */
describe('the benchmark of speed', () => {
    it('measures the main contenders', TIMEOUT, async () => {
        const { samples, failures, summaries, comparisons, machine, options, output } = await results(
            ...['--quick', '--shapes', 'medium', ...BRIEFLY],
        );
        expect(failures).toEqual([]);
        expect(samples).toHaveLength(6);
        for (const sample of samples) expectWhole(sample);
        for (const name of ['bare-single', 'bare-fifty']) {
            for (const { items, requests } of of(samples, name)) expect(requests).toBe(items);
        }
        for (const name of ['bare-array', 'guard-loop', 'guard-array', 'floor']) {
            for (const { items, requests, jsonBytes } of of(samples, name)) {
                expect(items).toBeGreaterThan(500);
                expect(requests).toBeLessThanOrEqual(4 + jsonBytes / 1_000_000);
            }
        }
        expect(summaries).toHaveLength(6);
        expect(comparisons.map(({ contender, against }) => `${contender} ${against}`)).toContain(
            'guard-loop bare-fifty',
        );
        for (const { pairs, best } of comparisons) {
            for (const ratio of [pairs.itemsPerSecond, best.itemsPerSecond, pairs.cpu, best.cpu, pairs.requests]) {
                expect(ratio).toBeGreaterThan(0);
            }
        }
        expect(machine).toEqual({
            cores: expect.any(Number),
            cpuModel: expect.any(String),
            memoryBytes: expect.any(Number),
            platform: expect.any(String),
            nodeVersion: process.version,
        });
        expect(options).toMatchObject({ pairs: 1, seconds: 0.02 });
        expect(output).toContain('medium (generated, 1.5 KB): platform, 20 ms');
    });

    it.runIf(IS_LONG)('measures every entry point', TIMEOUT, async () => {
        const entryPoints = 'guard-stored-fifty,guard-install-array,guard-install-fifty,bare-crawl,guard-crawl';
        const { samples, failures } = await results(
            ...['--only', entryPoints, '--shapes', 'small', '--latencies', '0', ...BRIEFLY],
        );
        expect(failures).toEqual([]);
        expect(samples).toHaveLength(5);
        for (const sample of samples) expectWhole(sample);
        for (const name of ['guard-stored-fifty', 'guard-install-fifty', 'guard-crawl']) {
            for (const { items, requests } of of(samples, name)) expect(requests).toBeLessThan(items);
        }
    });

    it('measures with real items, runs that are paid per item, and runs locally', TIMEOUT, async () => {
        const { samples, failures } = await results(
            ...['--only', 'bare-fifty,guard-stored-array,floor', '--shapes', 'mdn', '--latencies', '0'],
            ...['--places', 'charged,local', ...BRIEFLY],
        );
        expect(failures).toEqual([]);
        // The floor is on the platform only.
        expect(samples).toHaveLength(4);
        for (const sample of samples) expectWhole(sample);
    });
});

function of(samples: readonly Sample[], contender: string): Sample[] {
    const found = samples.filter((sample) => sample.contender === contender);
    expect(found).not.toEqual([]);
    return found;
}

function expectWhole(sample: Sample): void {
    expect(sample).toEqual({
        contender: expect.any(String),
        place: expect.any(String),
        shape: expect.any(String),
        latencyMillis: expect.any(Number),
        items: expect.any(Number),
        warmUpItems: 0,
        round: 0,
        millis: expect.any(Number),
        cpuMillis: expect.any(Number),
        startRssBytes: expect.any(Number),
        peakRssBytes: expect.any(Number),
        longestDelayMillis: expect.any(Number),
        pushP50Millis: expect.any(Number),
        pushP99Millis: expect.any(Number),
        requests: expect.any(Number),
        wireBytes: expect.any(Number),
        jsonBytes: expect.any(Number),
        largestRequestBytes: expect.any(Number),
        serverCpuMillis: expect.any(Number),
    });
    const { items, millis, requests, wireBytes, jsonBytes, largestRequestBytes } = sample;
    expect(millis).toBeGreaterThan(0);
    expect(requests).toBeGreaterThan(0);
    expect(requests).toBeLessThanOrEqual(items);
    expect(jsonBytes).toBeGreaterThan(items * 40);
    expect(wireBytes).toBeLessThanOrEqual(jsonBytes);
    expect(largestRequestBytes).toBeLessThanOrEqual(Math.min(jsonBytes, MAX_REQUEST_BYTES));
}
