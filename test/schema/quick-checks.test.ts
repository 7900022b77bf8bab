import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { quicken } from '../../src/schema/quick-checks.js';

const OPTIONS = { allErrors: true, strict: false };

function fullAjv(): Ajv {
    const ajv = new Ajv(OPTIONS);
    addFormats.default(ajv);
    return ajv;
}

async function quickAjv(): Promise<Ajv> {
    const ajv = fullAjv();
    await quicken(ajv);
    return ajv;
}

/** Fails where the two say different things of one of the values, also in their errors. */
async function expectSameVerdicts(schema: object, values: fc.Arbitrary<unknown>): Promise<{ valid: number }> {
    const [full, quick] = [fullAjv().compile(schema), (await quickAjv()).compile(schema)];
    const seen = { valid: 0 };
    fc.assert(
        fc.property(values, (value) => {
            if (full(value)) seen.valid++;
            quick(value);
            expect(quick.errors).toEqual(full.errors);
        }),
        { numRuns: 2_000 },
    );
    return seen;
}

const digits = (length: number) =>
    fc.array(fc.constantFrom(...'0123456789'), { minLength: length, maxLength: length }).map((all) => all.join(''));
/** Mostly of the right form, and with numbers on both sides of each limit. */
const number = fc.oneof(
    fc.constantFrom('00', '01', '02', '04', '12', '13', '23', '24', '28', '29', '30', '31', '32', '59', '60', '61'),
    digits(2),
);
const dateTimes = fc
    .tuple(
        digits(4),
        number,
        number,
        fc.constantFrom('T', 't', ' ', 'T', 'T', '_'),
        number,
        number,
        number,
        fc.constantFrom('', '.1', '.123456', '.'),
        fc.constantFrom('Z', 'z', '', '+01:00', '-23:59', '+24:00', '+01:60', '+0100', '+01'),
    )
    .map(([year, month, day, t, hour, minute, second, fraction, zone]) =>
        [`${year}-${month}-${day}${t}${hour}:${minute}:${second}`, fraction, zone].join(''),
    );

const uris = fc
    .array(
        fc.constantFrom(
            ...[
                'http',
                'https',
                'ftp',
                '://',
                ':',
                '/',
                '//',
                '?',
                '#',
                '%',
                '%20',
                'a',
                'Z9',
                '-',
                '.',
                '..',
                '~',
                '@',
            ],
            ...[
                'example.com',
                '256.1.1.1',
                '[::1]',
                ':80',
                ' ',
                '\\',
                '"',
                '<',
                '{',
                '|',
                '^',
                '`',
                'é',
                '日',
                "'()*+,;=!$&",
            ],
        ),
        { maxLength: 8 },
    )
    .map((parts) => parts.join(''));

describe('the quick checks say what the full ones say', () => {
    it.each([
        ['date-time', dateTimes],
        ['date-time', fc.date({ noInvalidDate: true }).map((date) => date.toISOString())],
        ['date-time', fc.string()],
        ['uri', uris],
        ['uri', uris.map((rest) => `https://example.com/${rest}`)],
        ['uri', fc.webUrl({ withQueryParameters: true, withFragments: true })],
        ['uri', fc.string()],
    ])('of the format %s', async (format, values) => {
        await expectSameVerdicts({ format }, values);
    });

    it('of the format date-time, for each date and each time of day', async () => {
        const [full, quick] = [fullAjv(), await quickAjv()].map((ajv) => ajv.compile({ format: 'date-time' }));
        const two = (number: number) => String(number).padStart(2, '0');
        const valid: string[] = [];
        for (let high = 0; high < 100; high++) {
            for (let low = 0; low < 100; low++) {
                const pair = [two(high), two(low)];
                const texts = [`2023-${pair.join('-')}T00:00:00Z`, `2024-${pair.join('-')}T00:00:00.5-01:30`];
                texts.push(`2024-01-01T${pair.join(':')}:00Z`, `2024-01-01T${two(high)}:00:${two(low)}Z`);
                texts.push(`2024-01-01T22:59:60+${pair.join(':')}`, `${pair.join('')}-02-29T00:00:00Z`);
                for (const text of texts) {
                    expect(quick!(text), text).toBe(full!(text));
                    if (full!(text)) valid.push(text);
                }
            }
        }
        expect(valid).toContain('2024-02-29T00:00:00.5-01:30');
        expect(valid).toContain('2000-02-29T00:00:00Z');
        expect(valid).not.toContain('1900-02-29T00:00:00Z');
        expect(valid).not.toContain('2023-02-29T00:00:00Z');
    });

    it('of formats that limit one another', async () => {
        const schema = { format: 'date-time', formatMaximum: '2020-01-01T00:00:00Z' };
        const { valid } = await expectSameVerdicts(schema, dateTimes);
        expect(valid).toBeGreaterThan(0);
    });

    it.each([
        [{ minLength: 1 }],
        [{ minLength: 3, maxLength: 4, pattern: 'a' }],
        [{ maxLength: 0 }],
        [{ minLength: 0, maxLength: 6 }],
    ])('of %o', async (schema) => {
        const unit = fc.constantFrom('a', 'é', '日', '😀', '\ud83d', '\ude00', '');
        const texts = fc.array(unit, { maxLength: 8 }).map((all) => all.join(''));
        const { valid } = await expectSameVerdicts(schema, fc.oneof(texts, fc.integer()));
        expect(valid).toBeGreaterThan(0);
    });
});
