import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { childEnv } from '../../support/platform-env.js';
import { BUNDLED_COMMAND_LINE } from '../../support/script-packages.js';

export interface CliResult {
    exitCode: number | null;
    stdout: string;
    stderr: string;
}

export interface CliOptions {
    cwd: string;
    env?: Record<string, string>;
    input?: string | Buffer;
    nodeArgs?: string[];
}

/** A folder of this test's own, removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'guard-cli-'));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    return folder;
}

/** Runs the built command as a process of its own. */
export async function runCli(args: string[], { cwd, env = {}, input, nodeArgs = [] }: CliOptions): Promise<CliResult> {
    const child = spawn(process.execPath, [...nodeArgs, BUNDLED_COMMAND_LINE, ...args], {
        cwd,
        env: childEnv(env),
        stdio: 'pipe',
    });
    const result = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (result.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
    // It may have seen enough before it has read everything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return { exitCode, ...result };
}
