/** `3,181`. */
export function number(amount: number): string {
    return grouped(amount, amount < 10 ? 1 : 0);
}

/** In English, as `Intl` writes it, which takes 30 ms to be ready: each process of a run would wait for that at its end. */
function grouped(amount: number, maxFractionDigits: number): string {
    const [whole, fraction = ''] = amount.toFixed(maxFractionDigits).split('.') as [string, string?];
    const digits = fraction.replace(/0+$/, '');
    return whole.replaceAll(/\B(?=(\d{3})+$)/g, ',') + (digits === '' ? '' : `.${digits}`);
}

/** `1 item`, `3,181 items`. */
export function count(amount: number, singular: string, plural = `${singular}s`): string {
    return `${number(amount)} ${amount === 1 ? singular : plural}`;
}

/** `62.5 %`; never 0 % of something, nor 100 % of less than all. */
export function percent(part: number, whole: number, maximumFractionDigits = 1): string {
    if (whole === 0) return '0 %';
    const exact = (part / whole) * 100;
    const least = 1 / 10 ** maximumFractionDigits;
    if (part > 0 && exact < least) return `< ${least} %`;
    if (part < whole && exact > 100 - least) return `> ${100 - least} %`;
    return `${grouped(exact, maximumFractionDigits)} %`;
}

/** Two shares with as many digits as it takes to tell them apart: `94.96 %` and `95 %`. */
export function shares(actual: number, expected: number): [string, string] {
    for (let digits = 0; digits <= 6; digits++) {
        const texts = [actual, expected].map((share) => percent(share, 1, digits)) as [string, string];
        const isExact = Math.abs(Number.parseFloat(texts[1].replace(/^[<>] /, '')) / 100 - expected) < 1e-9;
        if (texts[0] !== texts[1] && isExact) return texts;
    }
    return [percent(actual, 1, 6), percent(expected, 1, 6)];
}

const BYTE_UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** In powers of 1,000: `4.9 MB`. */
export function bytes(amount: number): string {
    let [value, unit] = [amount, 0];
    while (value >= 1_000 && unit < BYTE_UNITS.length - 1) {
        value /= 1_000;
        unit++;
    }
    return `${grouped(value, value < 100 ? 1 : 0)} ${BYTE_UNITS[unit]}`;
}

/** `3 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(millis: number): string {
    const seconds = Math.max(0, Math.round(millis / 1_000));
    if (seconds === 0) return 'less than a second';
    const units: [number, string][] = [
        [Math.floor(seconds / 86_400), 'd'],
        [Math.floor(seconds / 3_600) % 24, 'h'],
        [Math.floor(seconds / 60) % 60, 'min'],
        [seconds % 60, 's'],
    ];
    const first = units.findIndex(([amount]) => amount > 0);
    const shown = units.slice(first, first + 2).filter(([amount]) => amount > 0);
    return shown.map(([amount, unit]) => `${amount} ${unit}`).join(' ');
}

/** `24 Nov 2026, 11:08:34 UTC`, or shorter `24 Nov, 11:08`; what is no time as it is. */
export function moment(iso: string, length: 'full' | 'short' = 'full'): string {
    const time = new Date(iso);
    if (Number.isNaN(time.getTime())) return iso;
    const [day, month, year, clock] = time.toUTCString().split(' ').slice(1) as [string, string, string, string];
    if (length === 'short') return `${Number(day)} ${month}, ${clock.slice(0, 5)}`;
    return `${Number(day)} ${month} ${year}, ${clock} UTC`;
}
