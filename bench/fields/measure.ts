import type { Pipeline } from '../../src/pipeline/pipeline.js';
import { SHAPES } from '../speed/shapes.js';
import { microsOfPush } from '../unique/push.js';

const ITEMS = 100_000;
const ROUNDS = 9;

/** Items are counted as one whose fields nobody looks at. */
function withoutFields({ statistics: { fields } }: Pipeline): void {
    const tally = fields.tally({});
    fields.tally = () => tally;
    fields.store = () => {};
}

/** All rows of the table: the push of an item of shape `small` until it is stored, without and with the counts of its fields. */
export async function measure(): Promise<{ what: string; value: number; unit: string }[]> {
    const items = Array.from({ length: ITEMS }, SHAPES.small.maker());
    const without: number[] = [];
    const counted: number[] = [];
    // One after the other in turns, so that a disturbance hits both.
    for (let round = 0; round < ROUNDS; round++) {
        without.push(await microsOfPush(items, {}, withoutFields));
        counted.push(await microsOfPush(items, {}));
    }
    const [least, all] = [Math.min(...without), Math.min(...counted)];
    return [
        { what: 'a push of an item of shape small, its fields not counted', value: least, unit: 'µs' },
        { what: 'with its fields counted', value: all, unit: 'µs' },
        { what: 'more', value: (all / least - 1) * 100, unit: '%' },
    ];
}
