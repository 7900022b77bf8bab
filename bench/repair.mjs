// Measures what `repair` costs: a policy that no item needs, and the repair of one item.
//
//     node bench/repair.mjs [--rounds 40]
//
// Times are of the processor, so that other processes disturb them less. The library is compiled from `src/` as it is now.

import { parseArgs } from 'node:util';

import { compileBench } from './compile.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '40' } } });
const { measure } = await import(new URL('bench/repair/measure.js', compileBench()));
console.table(await measure(Number(values.rounds)));
