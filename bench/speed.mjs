// Measures the guard beside the bare SDK and beside a hand-made floor. `npm run bench -- --help` tells the options.
//
// The library is compiled from `src/` as it is now.

import { compileBench } from './compile.mjs';

const { main } = await import(new URL('bench/speed/main.js', compileBench()));
process.exitCode = await main(process.argv.slice(2));
