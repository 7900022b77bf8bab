// Counts how many functions of the library one item enters on its way, and in how many files: a measure of how far a reader has
// to follow it.
//
//     npm run bench:trace -- [--functions] [--json]
//
// The item is pushed after others have warmed the guard up. A valid item is followed from `pushData` until the platform gets its
// request; one that fails the schema until the platform gets the request with its quarantine record. What follows until the push
// resolves, the settling, is a figure of its own. `--functions` names the functions of each file with the number of their entries.
// Callbacks without a name are not counted, and an async function that goes on after waiting is counted again. The guard is compiled from `src/` as it is now.

import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

import { compileBench } from './compile.mjs';

parseArgs({ options: { functions: { type: 'boolean' }, json: { type: 'boolean' } } });
const script = fileURLToPath(new URL('bench/trace/item.js', compileBench()));
const { status } = spawnSync(process.execPath, [script, ...process.argv.slice(2)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, APIFY_LOG_LEVEL: 'ERROR' },
});
process.exitCode = status ?? 1;
