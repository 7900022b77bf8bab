/**
 * Functions that read a value as the one that was meant, and give back every other value as it is. A suggestion prints their
 * text, to be put into a project, so each stands on its own: none uses anything of this file.
 */

/** `"12,50"`, `"1.234,56 €"`, `"1 234"` */
export const numberWithDecimalComma = (value: unknown) => {
    const pattern =
        /^(?:[\p{Sc}A-Z]{1,3}\s?)?(-?(?:\d{1,3}(?:[.\s']\d{3})+|\d{1,12})(?:,\d{1,2})?)(?:\s?[\p{Sc}A-Z]{1,3})?$/u;
    const number = typeof value === 'string' && /[,\s']/.test(value) ? pattern.exec(value.trim()) : null;
    return number === null ? value : Number(number[1]!.replaceAll(/[.\s']/g, '').replace(',', '.'));
};

/** `"12.5 kg"`, `"from $12.50"`, `"1,234 reviews"` */
export const onlyNumber = (value: unknown) => {
    const number = /^(?:\D*[^\w.,-])?(-?(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,3})?)\D*$/.exec(String(value));
    return typeof value === 'string' && number !== null ? Number(number[1]!.replaceAll(',', '')) : value;
};

/** `"yes"`, `"No"`, `"1"` */
export const booleanOfWord = (value: unknown) => {
    const text = String(value).trim().toLowerCase();
    if (['true', 'yes', 'y', 'on', '1'].includes(text)) return true;
    return ['false', 'no', 'n', 'off', '0'].includes(text) ? false : value;
};

/** `"Jan 31, 2025"`, `"31 January 2025"`, `"2025/1/31"` */
export const dateOfWords = (value: unknown) => {
    const month = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?';
    const orders = [`${month} \\d{1,2},? \\d{4}`, `\\d{1,2} ${month},? \\d{4}`, '\\d{4}[/-]\\d{1,2}[/-]\\d{1,2}'];
    if (!new RegExp(`^(?:${orders.join('|')})$`, 'i').test(String(value))) return value;
    const date = new Date(`${String(value).replace('.', ' ')} UTC`);
    // A day that the calendar does not have becomes another one.
    const isSameDay = !Number.isNaN(date.getTime()) && new RegExp(`\\b0?${date.getUTCDate()}\\b`).test(String(value));
    return isSameDay ? date.toISOString().slice(0, 10) : value;
};

/** `"31.1.2025"`, `"31/01/2025"` */
export const dateWithDayFirst = (value: unknown) =>
    String(value).replace(
        /^(\d{1,2})[./-]\s?(\d{1,2})[./-]\s?(\d{4})$/,
        (_, day: string, month: string, year: string) => {
            return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
        },
    );

/** `"01/31/2025"` */
export const dateWithMonthFirst = (value: unknown) =>
    String(value).replace(/^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$/, (_, month: string, day: string, year: string) => {
        return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
    });

/** `"2025-01-31T12:00:00Z"` where a date is wanted. */
export const dateOfTime = (value: unknown) => String(value).replace(/^(\d{4}-\d\d-\d\d)[T ].*$/, '$1');

/** `"2025-01-31"`, `"2025-01-31 12:00"`: a time without a zone is taken as UTC. */
export const timeInUtc = (value: unknown) =>
    String(value).replace(
        /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?)?$/,
        (_, date: string, time = '00:00', seconds = ':00') => `${date}T${time}${seconds}Z`,
    );

/** Seconds or milliseconds since 1970. */
export const timeOfNumber = (value: unknown) => {
    const isTime = typeof value === 'number' && value > 1e8 && value < 1e13;
    return isTime ? new Date(value > 1e11 ? value : value * 1000).toISOString() : value;
};

/** Seconds or milliseconds since 1970 where a date is wanted. */
export const dateOfNumber = (value: unknown) => {
    const isTime = typeof value === 'number' && value > 1e8 && value < 1e13;
    return isTime ? new Date(value > 1e11 ? value : value * 1000).toISOString().slice(0, 10) : value;
};

/** `"example.com/a"`, `"//example.com"` */
export const addressOfDomain = (value: unknown) => {
    if (typeof value !== 'string') return value;
    const text = value.trim().replaceAll(' ', '%20');
    if (text.startsWith('//')) return `https:${text}`;
    return /^[\w-]+(\.[\w-]+)*\.[a-z]{2,}([/:?#]|$)/i.test(text) ? `https://${text}` : text;
};

/** `"  two   words "` */
export const withoutStraySpaces = (value: unknown) =>
    typeof value === 'string' ? value.trim().replaceAll(/\s+/g, ' ') : value;

/** `"n/a"`, `"-"`, `"Unknown"`, `"Distributor Unknown"` */
export const nullOfWord = (value: unknown) => {
    const isWord = /^([-–—?.]*|n\/?a|nan|null|none|nil|undefined|([a-z]+ )?unknown|not available|tb[acd])$/i;
    return typeof value === 'string' && isWord.test(value.trim()) ? null : value;
};
