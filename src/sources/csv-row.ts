/** Where a column's cells go: into an object or array whose parts are columns themselves, or as they are. */
type Column =
    | { cell: number }
    | { array: Column[] }
    | { object: [key: string, column: Column][] }
    | { either: [Column, Column] };

const INDEX = /^(?:0|[1-9]\d{0,3})$/;
/** Text that is a number or a boolean in JSON. */
const JSON_SCALAR = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false)$/;

/**
 * Makes items of rows as the platform exports them: `a/0/b` is the property `b` of the first element of `a`. A cell that is
 * a JSON number or boolean is one, any other is text, and an empty one is a missing property.
 */
export function rowReader(header: readonly string[]): (cells: readonly string[]) => Record<string, unknown> {
    const columns = columnsOf(header.map((name, cell) => ({ path: name.split('/'), cell })));
    return (cells) => (objectOf(columns, cells) ?? {}) as Record<string, unknown>;
}

interface NamedCell {
    path: readonly string[];
    cell: number;
}

function columnsOf(cells: readonly NamedCell[]): [string, Column][] {
    const byKey = new Map<string, NamedCell[]>();
    for (const { path, cell } of cells) {
        const [key, ...rest] = path as [string, ...string[]];
        const below = byKey.get(key);
        if (below === undefined) byKey.set(key, [{ path: rest, cell }]);
        else below.push({ path: rest, cell });
    }
    return [...byKey].map(([key, below]) => [key, columnOf(below)]);
}

function columnOf(cells: readonly NamedCell[]): Column {
    const parts = cells.filter(({ path }) => path.length > 0);
    // The last of two columns with one name counts, as with two keys of JSON.
    const whole = cells.findLast(({ path }) => path.length === 0);
    if (parts.length === 0) return { cell: whole!.cell };
    const nested = nestedColumn(columnsOf(parts));
    // A property may be text in one item and an object in another: `a` and `a/b`.
    return whole === undefined ? nested : { either: [nested, { cell: whole.cell }] };
}

function nestedColumn(columns: [string, Column][]): Column {
    const isArray = columns.every(([key]) => INDEX.test(key)) && columns.some(([key]) => key === '0');
    if (!isArray) return { object: columns };
    return { array: columns.toSorted(([one], [other]) => Number(one) - Number(other)).map(([, column]) => column) };
}

function valueOf(column: Column, cells: readonly string[]): unknown {
    if ('cell' in column) {
        const text = cells[column.cell] ?? '';
        if (text === '') return undefined;
        if (!JSON_SCALAR.test(text)) return text;
        const value: unknown = JSON.parse(text);
        // An identifier such as `12e4567` reads like a number that is too large for one.
        return Math.abs(value as number) === Infinity ? text : value;
    }
    if ('either' in column) return valueOf(column.either[0], cells) ?? valueOf(column.either[1], cells);
    return 'array' in column ? arrayOf(column.array, cells) : objectOf(column.object, cells);
}

function objectOf(columns: readonly [string, Column][], cells: readonly string[]): object | undefined {
    const entries: [string, unknown][] = [];
    for (const [key, column] of columns) {
        const value = valueOf(column, cells);
        if (value !== undefined) entries.push([key, value]);
    }
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** As long as its last element that is there; an element before it that is not is what an empty one would be. */
function arrayOf(columns: readonly Column[], cells: readonly string[]): unknown[] | undefined {
    const values = columns.map((column) => valueOf(column, cells));
    const last = values.findLastIndex((value) => value !== undefined);
    if (last === -1) return undefined;
    return values.slice(0, last + 1).map((value, index) => value ?? emptyOf(columns[index]!));
}

function emptyOf(column: Column): unknown {
    if ('cell' in column || 'either' in column) return null;
    return 'array' in column ? [] : {};
}
