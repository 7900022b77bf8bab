import type { ReportPage } from '../../../src/report/page.js';
import type { Failing } from './pages.js';
import { failure, pageOf } from './pages.js';

/** Attacks in scraped text. Each would leave a mark in `window.harm`, ask the network, or open a dialog. */
export const HOSTILE_TEXTS: Record<string, string> = {
    'a script': `<script>window.harm = 1; alert(1)</script>`,
    'a script that closes what is open': `"></code></td></table></style></title></textarea><script>alert(2)</script>`,
    'an event handler': `<img src=x onerror="alert(3)"><svg onload=alert(3)>`,
    'an attribute of its own': `" onmouseover="alert(4)" x="`,
    'an attribute without quotes': '` onfocus=alert(5) autofocus `',
    'an end of the style sheet': `</style><style>* { display: none !important }</style>`,
    'a style that asks the network': `<style>@import "https://evil.test/a.css"; body { background: url(https://evil.test/b) }</style>`,
    'a frame and a form': `<iframe srcdoc="<script>parent.harm=6</script>"></iframe><form action="https://evil.test"><button>x</button></form>`,
    'an address for the whole page': `<base href="https://evil.test/"><meta http-equiv="refresh" content="0;url=https://evil.test/">`,
    'a policy of its own': `<meta http-equiv="Content-Security-Policy" content="default-src *">`,
    'an entity': `&lt;script&gt;alert(7)&lt;/script&gt; &#60;script&#62; &copy;`,
    'a comment and a CDATA section': `<!-- --><![CDATA[<script>alert(8)</script>]]> -->`,
    'a template': '${alert(9)} {{constructor.constructor("alert(9)")()}} `${harm}`',
    'a character from another side': '\u202egnp.exe\u202c \u2066isolated\u2069 \u200fright',
    'control characters': '\u0000null\u0007bell\u001b[31mred\u0085next\u009fend',
    'nothing that can be seen': '\u200b\u2060\ufeff\u00ad\u{e0041}\u2028\u2029',
    'halves of characters': '\ud800 and \udfff',
    'many marks': `Z${'\u0301\u0489\u0362'.repeat(60)}algo`,
    'one long word': 'W'.repeat(100_000),
    'many lines': 'line\n'.repeat(5_000),
    'right to left': 'مرحبا بالعالم שלום עולם (123) <b>',
    'emoji': '👨‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🇨🇭 👍🏽',
    'a wide character each': '﷽'.repeat(40),
};

/** Addresses that must not become links, and one that may. */
export const HOSTILE_URLS = [
    'javascript:alert(10)',
    ' javascript:alert(11)',
    'java\nscript:alert(12)',
    'JaVaScRiPt:alert(13)',
    'data:text/html,<script>alert(14)</script>',
    'vbscript:msgbox(15)',
    'file:///etc/passwd',
    '//evil.test/without-a-scheme',
    'blob:https://evil.test/1',
    'not an address',
    `https://example.com/${'long/'.repeat(2_000)}`,
    `https://example.com/"><script>alert(16)</script>?a='b'&c=<d>#\u202e`,
];

/** A page of which every place that holds text from outside is hostile. */
export function hostilePage(): ReportPage {
    const texts = Object.values(HOSTILE_TEXTS);
    const failing = texts.flatMap((text, index): Failing[] => {
        const token = text.slice(0, 2_000).replaceAll('~', '~0').replaceAll('/', '~1');
        const url = HOSTILE_URLS[index % HOSTILE_URLS.length];
        return [
            {
                item: { title: text },
                url,
                errors: [failure('/title', `type`, { type: text }, `must not be ${text.slice(0, 400)}`)],
                times: 3,
            },
            {
                item: { [text.slice(0, 2_000)]: { a: [text] } },
                url,
                errors: [failure(`/${token}/a/0`, text.slice(0, 50), { limit: text })],
            },
            { item: {}, errors: [failure('', 'required', { missingProperty: text }, text)], reason: 'schema' },
            {
                item: undefined,
                errors: [failure('', 'rejected', {}, text)],
                reason: 'rejected',
                rejectedBy: 'platform',
            },
        ];
    });
    const long = texts.join(' ').slice(0, 4_000);
    const fields = texts.map((text, index) => ({
        path: `/${text.slice(0, 300)}`,
        title: text.slice(0, 5_000),
        description: text.slice(0, 5_000),
        example: text.slice(0, 5_000),
        totalItems: 10,
        filledItems: index % 11,
        emptyItems: 0,
        nullItems: 10 - (index % 11),
        missingItems: 0,
        failedItems: index % 2,
        types: {},
        isExpected: true,
    }));
    return pageOf(failing, {
        fields,
        verdict: {
            outcome: 'failed',
            unmet: texts.map((text) => ({ expectation: text, expected: 1, actual: 0, message: text.slice(0, 500) })),
        },
        repairs: texts.map((text) => ({
            path: `/${text.slice(0, 300)}`,
            action: 'coerced' as const,
            count: 3,
            samples: [{ before: text.slice(0, 5_000), after: text.slice(0, 5_000) }],
        })),
        repairedItems: 3,
        duplicates: { found: 3, samples: texts.map((text) => text.slice(0, 5_000)) },
        quarantine: { name: texts[0]!, url: HOSTILE_URLS[0]! },
        subject: long,
        notice: long,
        schema: { source: long, hash: texts[1]!, reason: long },
        facts: [
            ...HOSTILE_URLS.map((url, index) => ({ name: texts[index]!.slice(0, 80), value: texts[index]!, url })),
            { name: 'Quarantine', value: 'x'.repeat(5_000) },
        ],
        startedAt: '"><script>alert(17)</script>',
        timeline: {
            startedAt: '2026-11-24T09:00:00.000Z',
            endedAt: '2026-11-24T11:00:00.000Z',
            bucketMillis: 60_000,
            buckets: Array.from({ length: 120 }, (_, n) => ({ storedItems: n * 1_000_000, quarantinedItems: n % 3 })),
        },
        version: texts[0],
    });
}
