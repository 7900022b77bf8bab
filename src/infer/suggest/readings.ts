import * as conversions from './conversions.js';

/** The demands of the schema at a place, as far as a reading needs them. */
export interface Wanted {
    type?: string | readonly string[];
    format?: unknown;
    enum?: unknown;
}

/** A way to read a value that fails as the one that was meant. */
export interface Reading {
    /** In words: what is read as what. */
    readonly name: string;
    /** The value that was meant, or `value` where that cannot be told. Whether it is valid is for the validator to say. */
    read(value: unknown, wanted: Wanted): unknown;
    /** JavaScript of a function that does the same. */
    code(wanted: Wanted): string;
}

/** Of two that mend the same items the first is suggested. */
export const READINGS: readonly Reading[] = [
    reading('a number with a decimal comma or spaces as a number', wantsNumber, conversions.numberWithDecimalComma),
    reading('text with one number in it as that number', wantsNumber, conversions.onlyNumber),
    reading('yes and no as booleans', (wanted) => wants(wanted, 'boolean'), conversions.booleanOfWord),
    reading('a date, or a time without a zone, as a time in UTC', wantsTime, conversions.timeInUtc),
    ...dateReadings('a date with the name of its month, or the year first, as ISO 8601', conversions.dateOfWords),
    ...dateReadings('a date with the month first as ISO 8601', conversions.dateWithMonthFirst),
    ...dateReadings('a date with the day first as ISO 8601', conversions.dateWithDayFirst),
    reading('a time as its date', wantsDate, conversions.dateOfTime),
    reading('seconds or milliseconds since 1970 as a time', wantsTime, conversions.timeOfNumber),
    reading('seconds or milliseconds since 1970 as a date', wantsDate, conversions.dateOfNumber),
    reading('a bare domain as an address', wantsAddress, conversions.addressOfDomain),
    {
        name: 'another spelling as a value of the list',
        read: (value, { enum: values }) => (Array.isArray(values) ? listed(value, values) : value),
        code: ({ enum: values }) => `(value) => {
    const plain = (text) => String(text).toLowerCase().replace(/[\\s_-]+/g, '');
    return ${JSON.stringify(values)}.find((text) => plain(text) === plain(value)) ?? value;
}`,
    },
    reading('text without stray spaces', (wanted) => wants(wanted, 'string'), conversions.withoutStraySpaces),
    reading('words for "unknown" as null', (wanted) => wants(wanted, 'null'), conversions.nullOfWord),
];

function reading(name: string, applies: (wanted: Wanted) => boolean, convert: (value: unknown) => unknown): Reading {
    return {
        name,
        read: (value, wanted) => (applies(wanted) ? convert(value) : value),
        code: () => convert.toString(),
    };
}

/** The same for a place that wants a date, and for one that wants a time: midnight UTC. */
function dateReadings(name: string, toDate: (value: unknown) => unknown): Reading[] {
    const toTime = (value: unknown) => {
        const date = toDate(value);
        return date === value ? value : `${String(date)}T00:00:00Z`;
    };
    const code = () => `(value) => {
    const date = (${toDate.toString()})(value);
    return date === value ? value : \`\${date}T00:00:00Z\`;
}`;
    return [reading(name, wantsDate, toDate), { ...reading(name, wantsTime, toTime), code }];
}

function wants({ type }: Wanted, wanted: string): boolean {
    return type === undefined || typesOf(type).includes(wanted);
}

function wantsNumber({ type }: Wanted): boolean {
    return typesOf(type).some((one) => one === 'number' || one === 'integer');
}

function typesOf(type: Wanted['type']): readonly string[] {
    if (type === undefined) return [];
    return typeof type === 'string' ? [type] : type;
}

function wantsDate({ format }: Wanted): boolean {
    return format === 'date';
}

function wantsTime({ format }: Wanted): boolean {
    return format === 'date-time';
}

function wantsAddress({ format }: Wanted): boolean {
    return typeof format === 'string' && ['uri', 'url', 'iri'].includes(format);
}

function listed(value: unknown, values: readonly unknown[]): unknown {
    const plain = (text: unknown) =>
        String(text)
            .toLowerCase()
            .replaceAll(/[\s_-]+/g, '');
    return values.find((text) => plain(text) === plain(value)) ?? value;
}
