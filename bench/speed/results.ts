import { cpus, totalmem } from 'node:os';

import type { Sample } from './measurement.js';
import type { BenchOptions } from './options.js';
import { compare, type Comparison, summarize, type Summary } from './summary.js';

/** All that a run of the benchmark found: what `--json` writes. */
export interface Results {
    readonly format: 1;
    readonly startedAt: string;
    readonly machine: Machine;
    readonly options: Omit<BenchOptions, 'json'>;
    readonly samples: readonly Sample[];
    readonly summaries: readonly Summary[];
    readonly comparisons: readonly Comparison[];
}

export interface Machine {
    readonly cores: number;
    readonly cpuModel: string;
    readonly memoryBytes: number;
    readonly platform: string;
    readonly nodeVersion: string;
}

export function toResults({ json: _, ...options }: BenchOptions, startedAt: Date, samples: readonly Sample[]): Results {
    return {
        format: 1,
        startedAt: startedAt.toISOString(),
        machine: machine(),
        options,
        samples,
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
