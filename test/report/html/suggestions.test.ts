import { describe, expect, it } from 'vitest';

import { renderReportPage } from '../../../src/report/html/render.js';
import type { FieldSuggestion } from '../../../src/report/suggestion.js';
import { HOSTILE_TEXTS } from '../support/hostile.js';
import { moviePage } from '../support/pages.js';

const render = (suggestions: FieldSuggestion[] | undefined) => renderReportPage({ ...moviePage(), suggestions });
const textOf = (page: string) =>
    page
        .replaceAll(/<[^>]*>/g, ' ')
        .replaceAll('&quot;', '"')
        .replaceAll(/\s+/g, ' ');
const COERCE = {
    code: 'repair: { coerce: true }',
    name: 'writing a value in the right type',
    mends: '200 items',
    sample: { before: '"$12.50"', after: '12.5' },
};

describe('the suggestions of a page', () => {
    it('stand below the reasons of their field, with what they let in or mend', () => {
        const text = textOf(render([{ field: '/price', change: 'allow null', letInItems: 12, repair: COERCE }]));
        expect(text).toMatch(
            /Price \/price .* must be a number 212 .* In the schema: allow null , which lets in 12 items\. Or mend 200 items, writing a value in the right type: "\$12\.50" → 12\.5 , with repair: { coerce: true } .*Title \/title/,
        );
    });

    it('fold a function, and leave out one that nobody would read there', () => {
        const code = 'repair: (item) => {\n    return item;\n}';
        const page = render([
            { field: '/price', change: 'allow null', repair: { ...COERCE, code } },
            { field: '/title', change: 'allow null', repair: { ...COERCE, code: `${code}\n${'//'.repeat(1_000)}` } },
        ]);
        expect(page).toMatch(
            /<details>\s*<summary>Or mend 200 items[^]*?<pre>repair: \(item\) =&gt; {\n {4}return item;\n}<\/pre>/,
        );
        expect(textOf(page)).toContain('npx apify-dataset-guard suggest prints the function');
        expect(page).not.toContain('////');
    });

    it('are at most three for a field, and do not show for a field without a reason', () => {
        const many = Array.from({ length: 10 }, (_, n) => ({ field: '/price', change: `change ${n}.` }));
        const text = textOf(render([...many, { field: '/nowhere', change: 'elsewhere' }]));
        expect(text.match(/In the schema: change/g)).toHaveLength(3);
        expect(text).not.toContain('elsewhere');
    });

    it('stay small and harmless whatever they hold', () => {
        const size = render([]).length;
        for (const text of Object.values(HOSTILE_TEXTS)) {
            const long = text.repeat(Math.ceil(20_000 / text.length));
            const page = render([
                {
                    field: '/price',
                    change: long,
                    repair: { code: long, name: 'reading', mends: 'such items', sample: { before: long, after: long } },
                },
            ]);
            expect(page.length - size, text).toBeLessThan(20_000);
            expect(page).not.toMatch(/<(?:script|img|iframe|svg on|a href="(?!http))/i);
        }
    });

    it('give way to the command that prints them where none were looked for', () => {
        expect(textOf(render(undefined))).toContain('npx apify-dataset-guard suggest tester-movie-shop-quarantine');
        expect(textOf(render([]))).not.toContain('npx apify-dataset-guard suggest');
    });
});

describe('the page of a run without a schema', () => {
    it('names the command that makes one', () => {
        const facts = [{ name: 'Dataset', value: 'my-movies' }];
        const page = renderReportPage({ ...moviePage(), schema: { reason: 'there is none' }, facts });
        expect(textOf(page)).toContain('npx apify-dataset-guard infer my-movies --write');
        const check = renderReportPage({
            ...moviePage(),
            kind: 'check',
            subject: 'items.json',
            schema: { reason: 'no' },
        });
        expect(textOf(check)).toContain('npx apify-dataset-guard infer items.json --write');
    });
});
