import { writeFile } from 'node:fs/promises';

import { type BenchOptions, readOptions, USAGE } from './options.js';
import { type Taken, toResults } from './results.js';
import { Sampler } from './sample.js';
import { schedule } from './schedule.js';
import { textReport, verdictReport } from './table.js';
import { judge } from './targets.js';

/** The command `npm run bench`. Returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
    if (args.includes('--help')) {
        console.log(USAGE);
        return 0;
    }
    let options: BenchOptions;
    try {
        options = readOptions(args);
    } catch (error) {
        console.error(`${(error as Error).message}\n\n${USAGE}`);
        return 1;
    }
    const startedAt = new Date();
    const results = toResults(options, startedAt, await takeSamples(options));
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, undefined, 4)}\n`);
    console.log(textReport(results));
    const verdicts = options.checksTargets ? judge(results) : [];
    if (verdicts.length > 0) console.log(`\n${verdictReport(verdicts)}`);
    return results.failures.length === 0 && verdicts.every(({ isMet }) => isMet) ? 0 : 1;
}

/** A contender that fails, or loses an item, fails for itself; the others go on. */
async function takeSamples(options: BenchOptions): Promise<Taken> {
    const sampler = new Sampler(options);
    const taken: Taken = { samples: [], failures: [] };
    try {
        const tasks = schedule(options);
        for (const [index, { task, round }] of tasks.entries()) {
            const { place, shape, latencyMillis, contender, items } = task;
            progress(
                `[${index + 1}/${tasks.length}] ${place} ${shape} ${latencyMillis} ms ${contender}: ${items} items`,
            );
            try {
                taken.samples.push(await sampler.take(task, round));
            } catch (error) {
                taken.failures.push({ ...task, round, problem: (error as Error).message });
            }
        }
    } finally {
        progress('');
        sampler.close();
    }
    return taken;
}

/** For whoever watches: one line that is written over. */
function progress(line: string): void {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
}
