import { ItemPreparer } from '../../src/pipeline/prepare.js';
import { resolveRepair } from '../../src/pipeline/repair/options.js';
import { Repairer } from '../../src/pipeline/repair/repairer.js';
import { compileItemSchema } from '../../src/schema/compile.js';
import type { Item, ShapeName } from '../speed/shapes.js';
import { SHAPES } from '../speed/shapes.js';

const ITEMS = 20_000;
const SHAPE_NAMES: readonly ShapeName[] = ['small', 'medium', 'mdn'];
const LOG = { debug: () => undefined, info: () => undefined, warning: () => undefined, error: () => undefined };

interface Row {
    what: string;
    value: number;
    unit: string;
}

/** All rows of the table. A policy that no item needs may cost 2 %. */
export async function measure(rounds: number): Promise<Row[]> {
    const rows: Row[] = [];
    for (const name of SHAPE_NAMES) rows.push(...(await measureShape(name, rounds)));
    return rows;
}

async function measureShape(name: ShapeName, rounds: number): Promise<Row[]> {
    const { fields, maker } = SHAPES[name];
    const { schema } = await compileItemSchema(fields, { source: name }, LOG);
    const repairer = new Repairer(resolveRepair('prune')!, (error) => {
        throw error;
    });
    await repairer.useSchema(fields);
    const bare = new ItemPreparer('quarantine', schema, undefined);
    const repairing = new ItemPreparer('quarantine', schema, repairer);
    const items = Array.from({ length: ITEMS }, maker());
    const invalid = items.slice(0, ITEMS / 10).map((item) => ({ ...item, [Object.keys(item)[0]!]: [[]] }));
    const ratios: number[] = [];
    const repairs: number[] = [];
    for (let round = 0; round < rounds; round++) {
        // In turns, so that neither is always the first.
        const [first, second] = round % 2 === 0 ? [bare, repairing] : [repairing, bare];
        const [firstMicros, secondMicros] = [timeOf(first, items), timeOf(second, items)];
        ratios.push(round % 2 === 0 ? secondMicros / firstMicros : firstMicros / secondMicros);
        repairs.push(timeOf(repairing, invalid) - timeOf(bare, invalid));
    }
    return [
        { what: `${name}: cost of a policy that no item needs`, value: (median(ratios) - 1) * 100, unit: '%' },
        {
            what: `${name}: an item that is repaired, more than one that is rejected`,
            value: median(repairs),
            unit: 'µs',
        },
    ];
}

/** Microseconds of the processor for an item. */
function timeOf(preparer: ItemPreparer, items: readonly Item[]): number {
    const start = process.cpuUsage();
    for (const [position, item] of items.entries()) preparer.prepare(item, position);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / items.length;
}

function median(values: readonly number[]): number {
    return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
