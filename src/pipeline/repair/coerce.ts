/**
 * Writes `value` in the first of `types` (names of JSON Schema types) in which it can be written without loss: text that is
 * a decimal number to that number, `'true'` and `'false'` to boolean, numbers and booleans to text, `''` to null. Never from
 * null, never between number and boolean. `undefined` where no type does.
 */
export function coerce(value: unknown, types: readonly string[]): { value: unknown } | undefined {
    for (const type of types) {
        const coerced = coerceTo(type, value);
        if (coerced !== undefined) return { value: coerced };
    }
    return undefined;
}

function coerceTo(type: string, value: unknown): unknown {
    if (typeof value === 'string') {
        if (type === 'number') return numberFrom(value);
        if (type === 'integer') {
            const number = numberFrom(value);
            return Number.isInteger(number) ? number : undefined;
        }
        if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : undefined;
        return type === 'null' && value === '' ? null : undefined;
    }
    if (type !== 'string') return undefined;
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Digits with commas between groups of three, or without commas; no zeros in front, which may belong to a code. */
const DECIMAL = /^(?:(?:0|[1-9]\d*|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?|\.\d+)$/;
/** A sign and a currency may stand in either order before the digits; a currency may also stand behind them. */
const AMOUNT = /^(?:(-?)\s*(\p{Sc}|[A-Z]{3})\s*(-?)\s*([\d.,]+)|(-?)([\d.,]+)\s*(\p{Sc}|[A-Z]{3})?)$/u;
/** Longer text is no amount, and is not searched for one. */
const MAX_AMOUNT_LENGTH = 400;

let currencyCodes: ReadonlySet<string> | undefined;

function numberFrom(text: string): number | undefined {
    if (text.length > MAX_AMOUNT_LENGTH) return undefined;
    const match = AMOUNT.exec(text.trim());
    if (match === null) return undefined;
    const [, signBefore = '', currencyBefore, signAfter = '', digitsBehind, sign, digitsAlone, currencyBehind] = match;
    const currency = currencyBefore ?? currencyBehind;
    if (currency?.length === 3 && !isCurrencyCode(currency)) return undefined;
    const minus = sign ?? signBefore + signAfter;
    const digits = digitsBehind ?? digitsAlone!;
    if (minus.length > 1 || !DECIMAL.test(digits)) return undefined;

    const decimal = digits.replaceAll(',', '');
    const number = Number(minus + decimal);
    // JSON has no negative zero, and a number holds about 16 digits.
    if (Object.is(number, -0) || !hasSameDigits(decimal, number)) return undefined;
    return number;
}

function isCurrencyCode(code: string): boolean {
    currencyCodes ??= new Set(Intl.supportedValuesOf('currency'));
    return currencyCodes.has(code);
}

function hasSameDigits(decimal: string, number: number): boolean {
    return Number.isFinite(number) && canonical(decimal) === canonical(String(Math.abs(number)));
}

/** The significant digits of a decimal number and its power of ten, so that `1200`, `1.2e+3` and `1200.0` are the same. */
function canonical(decimal: string): string {
    const [mantissa = '', exponent = '0'] = decimal.split('e');
    const [whole = '', fraction = ''] = mantissa.split('.');
    const all = (whole + fraction).replace(/^0+/, '');
    const significant = all.replace(/0+$/, '');
    if (significant === '') return '0';
    return `${significant}e${Number(exponent) - fraction.length + (all.length - significant.length)}`;
}
