import { FLIGHT_FIELDS, loadFlights } from './shapes/flights.js';
import { COMPAT_FIELDS, loadCompatEntries } from './shapes/mdn.js';
import { PRODUCT_FIELDS, productMaker } from './shapes/product.js';

export type Item = Record<string, unknown>;

/** One kind of items, the same in each run. */
export interface Shape {
    readonly title: string;
    /** JSON Schema of an item. */
    readonly fields: Record<string, unknown>;
    /** Items that the fastest contender stores in a second, about, on the machine on which the counts were chosen. */
    readonly itemsPerSecond: number;
    /** Bytes of an item's JSON, about. */
    readonly itemBytes: number;
    /** Starts anew at the first item; `(_, index)` as `Array.from` calls it. */
    maker(): (_: unknown, index: number) => Item;
}

export const SHAPES = {
    small: {
        title: 'generated, 200 B',
        fields: PRODUCT_FIELDS,
        itemsPerSecond: 400_000,
        itemBytes: 200,
        maker: () => productMaker(200, 100_000),
    },
    medium: {
        title: 'generated, 1.5 KB',
        fields: PRODUCT_FIELDS,
        itemsPerSecond: 60_000,
        itemBytes: 1_500,
        maker: () => productMaker(1_500, 100_000),
    },
    large: {
        title: 'generated, 50 KB',
        fields: PRODUCT_FIELDS,
        itemsPerSecond: 2_000,
        itemBytes: 50_000,
        maker: () => productMaker(50_000, 10_000),
    },
    flights: {
        title: 'flights-200k.json of vega-datasets',
        fields: FLIGHT_FIELDS,
        itemsPerSecond: 1_200_000,
        itemBytes: 45,
        maker: () => again(loadFlights()),
    },
    mdn: {
        title: 'entries of @mdn/browser-compat-data',
        fields: COMPAT_FIELDS,
        itemsPerSecond: 90_000,
        itemBytes: 1_000,
        maker: () => again(loadCompatEntries()),
    },
} as const satisfies Record<string, Shape>;

export type ShapeName = keyof typeof SHAPES;
export const SHAPE_NAMES = Object.keys(SHAPES) as ShapeName[];

/** The items of a data set, and from its start again where it is too short. */
function again(items: readonly Item[]): (_: unknown, index: number) => Item {
    return (_, index) => items[index % items.length]!;
}
