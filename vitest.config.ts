import { defineConfig } from 'vitest/config';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

import { bundledPackages } from './test/support/script-packages.js';
import packageJson from './package.json' with { type: 'json' };

/** What takes longest, begun first so that nothing waits for it at the end; what mostly waits, beside what mostly works. */
const LONGEST = [
    'test/run-end/matrix.test.ts',
    'test/run-end/actor-exit.test.ts',
    'test/run-end/migration.test.ts',
    'test/chaos/handlers.test.ts',
    'test/run-end/handler-ends.test.ts',
    'test/run-end/saved-state.test.ts',
    'test/run-end/migration-that-does-not-come.test.ts',
    'test/run-end/deadlines.test.ts',
    'test/crawlee/killed.test.ts',
    'test/redrive/kill.test.ts',
    'test/chaos/kill.test.ts',
    'test/redrive/lock.test.ts',
    'test/actor/run.test.ts',
    'test/crawlee/adaptive.test.ts',
    'test/bench/speed.test.ts',
];

class LongestFirst extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
        const place = (file: TestSpecification) => {
            const index = LONGEST.findIndex((name) => file.moduleId.endsWith(`/${name}`));
            return index === -1 ? LONGEST.length : index;
        };
        const sorted = await super.sort(files);
        return sorted.toSorted((one, other) => place(one) - place(other));
    }
}

/** Their tests touch nothing that belongs to the whole process, so one process does for all of them. */
const PURE = ['infer', 'pipeline/repair', 'pipeline/unique', 'quality', 'schema', 'utils'].map(
    (folder) => `test/${folder}/**/*.test.ts`,
);

/** Their processes end within seconds, whatever befalls them, and the server must answer in time: only these run beside each other. */
const ALONE = ['test/run-end/matrix.test.ts', 'test/chaos/chaos.test.ts', 'test/run-end/process-exit.test.ts'];

/** They import all of Crawlee, which would bring a second copy of what is bundled. */
const UNBUNDLED = ['test/crawlee/adaptive.test.ts', 'test/crawlee/types.test.ts'];
const resolve = { alias: bundledPackages() };

export default defineConfig(({ mode }) => ({
    // As the build does it.
    define: { LIBRARY_VERSION: JSON.stringify(packageJson.version) },
    test: {
        // What `--mode` says is not passed on to them by itself.
        projects: [
            {
                extends: true,
                mode,
                test: { name: 'pure', include: PURE, isolate: false, sequence: { groupOrder: 1 } },
            },
            {
                extends: true,
                mode,
                resolve,
                test: { name: 'alone', include: ALONE, sequence: { groupOrder: 0 } },
            },
            // The others drive the SDK's configuration, so each file gets a process of its own.
            {
                extends: true,
                mode,
                resolve,
                test: {
                    name: 'processes',
                    include: ['test/**/*.test.ts'],
                    exclude: [...PURE, ...ALONE, ...UNBUNDLED],
                    isolate: true,
                    sequence: { groupOrder: 1 },
                },
            },
            { extends: true, mode, test: { name: 'unbundled', include: UNBUNDLED, sequence: { groupOrder: 1 } } },
        ],
        globalSetup: 'test/support/script-packages.setup.ts',
        pool: 'forks',
        // Many tests wait for processes of their own most of the time.
        maxWorkers: 6,
        sequence: { sequencer: LongestFirst },
        coverage: {
            provider: 'v8',
            // The library: the Actor of this repository is an example. Its ends of a process run in children, which are not measured.
            include: ['src/**/*.ts'],
            exclude: ['src/actor/**'],
            reporter: ['text-summary', 'json-summary', 'html'],
            thresholds: { lines: 95, branches: 95 },
        },
        testTimeout: 30_000,
        hookTimeout: 30_000,
    },
}));
