// Counts how many functions of the library one item enters on its way, and in how many files: a measure of how far a reader has
// to follow it.
//
//     npm run bench:trace -- [--json]
//
// The item is pushed after others have warmed the guard up. A valid item is followed from `pushData` to the platform's answer;
// one that fails the schema to its record in the quarantine. The guard is compiled from `src/` as it is now.

import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

import { compileBench } from './compile.mjs';

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const script = fileURLToPath(new URL('bench/trace/item.js', compileBench()));
const { status } = spawnSync(process.execPath, [script, ...(values.json ? ['--json'] : [])], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, APIFY_LOG_LEVEL: 'ERROR' },
});
process.exitCode = status ?? 1;
