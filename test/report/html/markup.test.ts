import { readdirSync, readFileSync } from 'node:fs';

import fc from '../../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { link } from '../../../src/report/html/link.js';
import type { Content } from '../../../src/report/html/markup.js';
import { css, html } from '../../../src/report/html/markup.js';
import { HOSTILE_URLS } from '../support/hostile.js';

const FOLDER = new URL('../../../src/report/html/', import.meta.url);

describe('markup', () => {
    it('escapes all that is put into it, in text and in attributes', () => {
        const text = `<b>&"'\``;
        expect(html`<p title="${text}">${text}</p>`.toString()).toBe(
            '<p title="&lt;b&gt;&amp;&quot;&#39;&#96;">&lt;b&gt;&amp;&quot;&#39;&#96;</p>',
        );
    });

    it('leaves no character of a tag or an attribute in any text', () => {
        fc.assert(
            fc.property(fc.string({ unit: 'binary' }), (text) => {
                expect(html`${text}`.toString()).not.toMatch(/[<>"'`]/);
            }),
        );
    });

    it('takes markup as it is, lists one behind the other, and nothing for undefined', () => {
        const items = ['<1>', '<2>'].map((text) => html`<i>${text}</i>`);
        expect(html`<p>${items}${undefined}${3_000}</p>`.toString()).toBe(
            '<p><i>&lt;1&gt;</i><i>&lt;2&gt;</i>3000</p>',
        );
    });

    it('takes nothing for markup that only looks like it', () => {
        const pretender = { isMarkup: true, toString: () => '<script>' } as unknown as Content;
        expect(html`${pretender}`.toString()).toBe('&lt;script&gt;');
    });

    it('names what cannot be seen, and leaves what belongs to a script or an emoji', () => {
        expect(html`${'a\u202Eb\u0000c\u2066d\ufeff\ud800'}`.toString()).toBe(
            'a[U+202E]b[U+0000]c[U+2066]d[U+FEFF][U+D800]',
        );
        for (const text of ['👨‍👩‍👧‍👦', 'می‌خواهم', 'é', 'tab\tline\nend']) expect(html`${text}`.toString()).toBe(text);
    });

    it('counts the marks that no script would put on one letter', () => {
        const marked = (count: number) => `a${'\u0301\u0489'.repeat(count / 2)}`;
        expect(html`${`${marked(8)}b`}`.toString()).toBe(`${marked(8)}b`);
        expect(html`${`${marked(60)}b`}`.toString()).toBe(`${marked(8)}[52 more marks]b`);
    });

    it('leaves out the indentation of templates, and none of the white space in what is put into them', () => {
        // By another name, so that no formatter takes the white space away.
        const markup = html;
        const inner = markup`
            <b>${'a\n    b'}</b>
        `;
        expect(
            markup`<p>
                ${inner}
            </p>`.toString(),
        ).toBe('<p>\n\n<b>a\n    b</b>\n\n</p>');
        const style = css`
            b {
                color: red;
            }
        `;
        expect(style.toString()).toBe('\nb {\ncolor: red;\n}\n');
    });

    it('is put between quotes wherever it is an attribute, in all of the page', () => {
        const files = readdirSync(FOLDER).filter((file) => file.endsWith('.ts'));
        expect(files.length).toBeGreaterThan(5);
        for (const file of files) {
            const source = readFileSync(new URL(file, FOLDER), 'utf8');
            expect(source, file).not.toMatch(/<[a-z][^<>`]*=\$\{/);
            expect(source, file).not.toMatch(/<script|\son[a-z]+=|innerHTML/);
        }
    });
});

describe('a link', () => {
    it('leads only to the web, and tells nobody where from', () => {
        expect(link('https://example.com/a?b=1&c=2', 'text').toString()).toBe(
            '<a href="https://example.com/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">text</a>',
        );
        expect(link('http://example.com', 'text').toString()).toContain('href="http://example.com/"');
        expect(link(undefined, '<i>').toString()).toBe('&lt;i&gt;');
    });

    it.each(HOSTILE_URLS.filter((url) => !url.startsWith('https://')))('does not link %j', (url) => {
        expect(link(url, 'text').toString()).toBe('text');
    });
});
