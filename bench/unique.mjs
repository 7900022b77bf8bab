// Measures what `unique` costs: time for an item, memory for a key, the longest pause while keys are added, saved and restored.
//
//     node bench/unique.mjs [--keys 10000000]
//
// Times are of the processor, so that other processes disturb them less. The library is compiled from `src/` as it is now.

import { parseArgs } from 'node:util';

import { compileBench } from './compile.mjs';

const { values } = parseArgs({ options: { keys: { type: 'string', default: '10000000' } } });
const { measure } = await import(new URL('bench/unique/measure.js', compileBench()));
console.table(await measure(Number(values.keys)));
