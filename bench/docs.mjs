// Makes the figures and the plot of docs/performance.md from a file of `npm run bench -- --json <file>`.

import { compileBench } from './compile.mjs';

const { writeDocs } = await import(new URL('bench/speed/docs/write.js', compileBench()));
process.exitCode = await writeDocs(process.argv.slice(2), new URL('../docs/', import.meta.url));
