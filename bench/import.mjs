// How long the built library takes to load once `apify` is loaded, in milliseconds: the median of several processes.
// `npm run build && node bench/import.mjs [times]`
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const MEASURE = `
import 'apify';
const before = performance.now();
await import('./dist/index.js');
console.log(performance.now() - before);
`;

const times = Number(process.argv[2] ?? 11);
const measured = Array.from({ length: times }, () => {
    const args = ['--input-type=module', '--eval', MEASURE];
    const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
    return Number(stdout);
}).sort((one, other) => one - other);
const median = measured[Math.floor(times / 2)];
console.log(`import: ${median.toFixed(1)} ms (median of ${times}, fastest ${measured[0].toFixed(1)} ms)`);
