import { defineConfig } from 'vitest/config';

export default defineConfig({
    test: {
        include: ['test/**/*.test.ts'],
        // Each test file drives the SDK's process-wide configuration, so every file gets a process of its own.
        pool: 'forks',
        isolate: true,
        // Many tests wait for something: one more than the processors of the smallest machine keeps those busy.
        maxWorkers: 3,
        testTimeout: 30_000,
        hookTimeout: 30_000,
    },
});
