/** Items that no honest page has, made of a seed: the same ones each time. */

/** mulberry32 */
export function randomOf(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), state | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
    };
}

const KEYS = [
    ...[
        '__proto__',
        'constructor',
        'toString',
        'valueOf',
        'hasOwnProperty',
        'toJSON',
        'length',
        'then',
        '$ref',
        'type',
    ],
    ...[
        '',
        ' ',
        '0',
        '-1',
        '4294967295',
        '*',
        '/',
        '~',
        '~1',
        'a/b',
        '%2F',
        '#',
        '"',
        '\\',
        '\n',
        '\0',
        '\u001b[31m',
        '\u202e',
    ],
    ...[
        '\u2028',
        '\ud800',
        '\udc00',
        '😀',
        'é',
        '日本',
        '\ufeff',
        '<script>',
        'token',
        'url',
        'title',
        'tags',
        'kind',
        'child',
    ],
];
const TEXTS = [
    ...[
        '',
        'a',
        '-',
        '\0',
        '\u001b]0;x\u0007',
        '\u202ereversed',
        '\ud83d',
        '\udca9\ud83d',
        '😀',
        'null',
        '[object Object]',
    ],
    ...['https://joe:secret@example.com/?token=abcdefgh', 'http://', 'https://example.com/%zz', '2024-02-30T99:99:99Z'],
    ...['2024-01-01T00:00:59.999999999999999999Z', '1e999', '-0', '١٢٣', '\r\n', '</script><script>', '${x}', '%s%d%o'],
];
const NUMBERS = [0, -0, 1, -1, 0.1, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 2 ** 53, NaN, Infinity, -Infinity];
const KINDS = ['folder', 'file', 'link', 'none'];

export const SCHEMA = {
    type: 'object',
    properties: {
        url: { type: 'string', format: 'uri', maxLength: 2_000 },
        title: { type: 'string', minLength: 1, pattern: '^(?:[a-z]|-)+$' },
        at: { type: 'string', format: 'date-time' },
        tags: { type: 'array', items: { type: 'string' }, maxItems: 1_000, uniqueItems: true },
        rows: { type: 'array', uniqueItems: true, items: { type: 'object', required: ['id'] } },
        any: { type: 'array', contains: { type: 'string', format: 'email' } },
        status: { enum: Array.from({ length: 1_000 }, (_, index) => `status ${index}`) },
        prices: { type: 'object', additionalProperties: { type: 'array', items: { type: 'number' } } },
        names: { propertyNames: { pattern: '^[a-z]' }, maxProperties: 100 },
        either: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'number' } }, { const: { a: [1] } }] },
        node: { $ref: '#/definitions/node' },
    },
    definitions: {
        node: {
            oneOf: ['folder', 'file', 'link'].map((kind) => ({
                properties: { kind: { const: kind }, child: { $ref: '#/definitions/node' } },
                required: ['kind'],
            })),
        },
    },
};

export class HostileItems {
    #random;
    /** Characters that the item may still have in long texts, arrays and objects. */
    #budget = 0;

    constructor(seed) {
        this.#random = randomOf(seed);
    }

    /** Mostly an object; now and then another type, or something without JSON. Two in a thousand are large, up to some megabytes. */
    next() {
        const roll = this.#random();
        this.#budget = roll < 0.002 ? 1_200_000 : 0;
        if (roll < 0.0002) this.#budget *= 5;
        if (roll > 0.99) return this.#pick([...NO_OBJECTS, ...WITHOUT_JSON])();
        const item = {};
        const members = this.#upTo(4) + 1;
        for (let member = 0; member < members; member++) {
            const [name, make] = this.#pick(Object.entries(this.#members));
            set(item, name === 'other' ? this.#key() : name, make());
        }
        return item;
    }

    #members = {
        url: () => this.#text(),
        title: () => this.#text(),
        at: () => this.#text(),
        tags: () => this.#list(() => this.#scalar()),
        rows: () => this.#list((index) => ({ id: this.#random() < 0.5 ? index : 0 })),
        any: () => this.#list(() => this.#scalar()),
        status: () => this.#pick([this.#text(), `status ${this.#upTo(1_200)}`]),
        prices: () => this.#wide(() => this.#list(() => this.#scalar())),
        names: () => this.#wide(() => this.#scalar()),
        either: () => this.#pick([this.#text(), this.#list(() => this.#scalar()), { a: [1] }, { valueOf: 1 }]),
        node: () => this.#deep(),
        other: () => this.#pick([() => this.#scalar(), () => this.#deep(), () => this.#wide(() => this.#text())])(),
    };

    #key() {
        const key = this.#pick(KEYS);
        const roll = this.#random();
        if (roll < 0.2) return `${key}${'k'.repeat(this.#long(100_000))}`;
        return roll < 0.3 ? `${key}${this.#upTo(1_000)}` : key;
    }

    #text() {
        const text = this.#pick(TEXTS);
        const roll = this.#random();
        if (roll < 0.4 && this.#budget > 0) return (text || 'x').repeat(this.#long(600_000) / (text.length || 1));
        return roll < 0.2 ? text.repeat(this.#upTo(40)) : text;
    }

    #scalar() {
        return this.#pick([this.#pick(NUMBERS), this.#text(), true, null, undefined, new Date(this.#upTo(1e9))]);
    }

    #list(make) {
        const length = this.#random() < 0.4 && this.#budget > 0 ? this.#long(600_000) / 10 : this.#upTo(6);
        return Array.from({ length: Math.floor(length) }, (_, index) => make(index));
    }

    #wide(make) {
        const object = {};
        const isWide = this.#random() < 0.4 && this.#budget > 0;
        const width = isWide ? this.#long(400_000) / 20 : this.#upTo(4);
        for (let index = 0; index < width; index++) set(object, isWide ? `k${index}` : this.#key(), make());
        return object;
    }

    #deep() {
        const levels = this.#random() < 0.01 ? this.#upTo(1_400) : this.#upTo(8);
        const isNode = this.#random() < 0.5;
        let value = this.#scalar();
        for (let level = 0; level < levels; level++) {
            if (isNode) value = { kind: this.#pick(KINDS), child: value };
            else value = this.#random() < 0.5 ? [value] : { child: value };
        }
        return value;
    }

    /** A length up to `most`, as far as the item may still grow. */
    #long(most) {
        const length = Math.min(this.#upTo(most), this.#budget);
        this.#budget -= length;
        return length;
    }

    #upTo(most) {
        return Math.floor(this.#random() * (most + 1));
    }

    #pick(values) {
        return values[Math.floor(this.#random() * values.length)];
    }
}

/** `__proto__` becomes a key like any other. */
function set(object, key, value) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

const NO_OBJECTS = [
    () => null,
    () => 5,
    () => 'text',
    () => [1],
    () => undefined,
    () => Symbol('s'),
    () => new Date(0),
];

const WITHOUT_JSON = [
    () => {
        const cycle = {};
        cycle.cycle = cycle;
        return cycle;
    },
    () => ({ big: 1n }),
    () => ({
        get broken() {
            throw new Error('https://joe:secret@example.com \u001b[31m');
        },
    }),
    () => ({
        toJSON() {
            throw 'no error';
        },
    }),
    () => ({ toJSON: () => undefined }),
    () => new Proxy({}, { ownKeys: () => [Symbol('x'), 'a'], getOwnPropertyDescriptor: () => undefined }),
    () => new Map([[{}, 1]]),
    () => Object.create(null),
    () => {
        let deep = {};
        for (let level = 0; level < 100_000; level++) deep = [deep];
        return { deep };
    },
];
