// Measures what it costs to count how the fields of each stored item are filled.
//
//     node bench/fields.mjs
//
// Times are of the processor, so that other processes disturb them less. The library is compiled from `src/` as it is now.

import { compileBench } from './compile.mjs';

const { measure } = await import(new URL('bench/fields/measure.js', compileBench()));
console.table(await measure());
