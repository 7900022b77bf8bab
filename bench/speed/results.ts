import { cpus, totalmem } from 'node:os';

import type { Sample, Task } from './measurement.js';
import type { BenchOptions } from './options.js';
import { compare, type Comparison, summarize, type Summary } from './summary.js';

/** All that a run of the benchmark found: what `--json` writes. */
export interface Results {
    readonly format: 1;
    readonly startedAt: string;
    readonly machine: Machine;
    readonly options: Pick<BenchOptions, 'plans' | 'pairs' | 'seconds' | 'folder'>;
    readonly samples: readonly Sample[];
    readonly failures: readonly Failure[];
    readonly summaries: readonly Summary[];
    readonly comparisons: readonly Comparison[];
}

/** The results of all tasks. */
export interface Taken {
    readonly samples: Sample[];
    readonly failures: Failure[];
}

/** A sample that could not be taken, or did not store what it had to. */
export interface Failure extends Task {
    readonly round: number;
    readonly problem: string;
}

export interface Machine {
    readonly cores: number;
    readonly cpuModel: string;
    readonly memoryBytes: number;
    readonly platform: string;
    readonly nodeVersion: string;
}

export function toResults(
    { plans, pairs, seconds, folder }: BenchOptions,
    startedAt: Date,
    { samples, failures }: Taken,
): Results {
    return {
        format: 1,
        startedAt: startedAt.toISOString(),
        machine: machine(),
        options: { plans, pairs, seconds, folder },
        samples,
        failures,
        summaries: summarize(samples),
        comparisons: compare(samples),
    };
}

function machine(): Machine {
    const all = cpus();
    return {
        cores: all.length,
        cpuModel: all[0]?.model.trim() ?? 'unknown',
        memoryBytes: totalmem(),
        platform: `${process.platform} ${process.arch}`,
        nodeVersion: process.version,
    };
}
