import fc from './fast-check.js';

/** A key that a schema may ask for, or any other. */
const key = () =>
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c', '0', '__proto__', 'toString') }, fc.string());

const leaf = () =>
    fc.oneof(
        { weight: 12, arbitrary: fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.double(), fc.boolean()) },
        { weight: 4, arbitrary: fc.constantFrom<unknown>(null, '', 0, -0, 'text') },
        {
            weight: 3,
            arbitrary: fc.constantFrom<unknown>(undefined, NaN, Infinity, -Infinity, 1n, Symbol('s'), () => 1),
        },
        { weight: 1, arbitrary: fc.date({ noInvalidDate: false }) },
        { weight: 1, arbitrary: fc.constantFrom<unknown>('boxed', 5, true).map(Object) },
        {
            weight: 1,
            arbitrary: fc
                .constantFrom<() => unknown>(
                    () => new Map([[1, 2]]),
                    () => new Set([1]),
                    () => /x/,
                    () => new Uint8Array(2),
                )
                .map((make) => make()),
        },
    );

class Instance {
    constructor(entries: [string, unknown][]) {
        for (const [name, value] of entries) define(this, name, { value, enumerable: true });
    }
}

function define(target: object, name: PropertyKey, property: PropertyDescriptor): void {
    Object.defineProperty(target, name, { configurable: true, ...property });
}

function fill(target: object, entries: [string, unknown][]): object {
    for (const [name, value] of entries) define(target, name, { value, enumerable: true, writable: true });
    return target;
}

/** Turns entries into an object of one kind or another: plain ones mostly, and every kind of disguise. */
const DISGUISES: ((entries: [string, unknown][]) => unknown)[] = [
    (entries) => fill(Object.create(null), entries),
    (entries) => new Instance(entries),
    (entries) => fill(Object.create({ inherited: 1 }), entries),
    (entries) => {
        const object = fill({}, entries);
        for (const [name, value] of entries.slice(0, 1)) define(object, name, { get: () => value, enumerable: true });
        return object;
    },
    (entries) => {
        const object = fill({}, entries);
        for (const [name, value] of entries.slice(0, 1)) define(object, name, { value, enumerable: false });
        return object;
    },
    (entries) => fill({ toJSON: () => Object.fromEntries(entries) }, entries),
    (entries) => fill(Object.create({ toJSON: () => entries }), entries),
    (entries) => {
        const object = fill({}, entries);
        define(object, 'toJSON', { value: () => 'hidden', enumerable: false });
        return object;
    },
    (entries) => fill({ [Symbol('key')]: new Date(0) }, entries),
    (entries) => Object.freeze(fill({}, entries)),
    (entries) => new Proxy(fill({}, entries), {}),
];

const ARRAY_DISGUISES: ((values: unknown[]) => unknown)[] = [
    (values) => Object.assign(values, { extra: 1 }),
    (values) => {
        values.length += 1;
        return values;
    },
    (values) => Object.assign(values, { toJSON: () => 'an array' }),
    (values) => Object.setPrototypeOf(values, null),
    (values) => {
        define(values, 0, { get: () => 'got', enumerable: true });
        return values;
    },
    (values) => new Proxy(values, {}),
];

/** Any value that a careless caller may push: JSON data, and all that is not quite JSON, at every depth. */
export function anyJavaScriptValue(): fc.Arbitrary<unknown> {
    const { value } = fc.letrec<{ value: unknown; object: unknown; array: unknown }>((tie) => ({
        value: fc.oneof(
            { depthSize: 'small', withCrossShrink: true },
            { weight: 4, arbitrary: leaf() },
            { weight: 4, arbitrary: tie('object') },
            { weight: 2, arbitrary: tie('array') },
        ),
        object: fc
            .tuple(
                fc.array(fc.tuple(key(), tie('value')), { maxLength: 4 }),
                fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.constantFrom(...DISGUISES)),
            )
            .map(([entries, disguise]) => (disguise ?? ((plain) => fill({}, plain)))(entries)),
        array: fc
            .tuple(
                fc.array(tie('value'), { maxLength: 3 }),
                fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, fc.constantFrom(...ARRAY_DISGUISES)),
            )
            .map(([values, disguise]) => (disguise === undefined ? values : disguise([...values]))),
    }));
    return value;
}

/** The parts of a value that a compiled schema sees: its enumerable string keys and what reading them gives; 0 for -0. */
export function ajvView(value: unknown): unknown {
    if (value === 0) return 0;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => ajvView(value[index]));
    return new Map(Object.keys(value).map((name) => [name, ajvView((value as Record<string, unknown>)[name])]));
}
