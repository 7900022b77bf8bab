import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { CONTENDER_NAMES } from '../../bench/speed/contenders.js';
import { withFigures } from '../../bench/speed/docs/markdown.js';
import { plot } from '../../bench/speed/docs/plot.js';
import type { Published } from '../../bench/speed/docs/published.js';
import { SHAPE_NAMES } from '../../bench/speed/shapes.js';

const docs = async (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const published = async () => JSON.parse(await docs('performance.json')) as Published;

describe('docs/performance.md', () => {
    it('has the figures of performance.json, and none that was typed by hand', async () => {
        const page = await docs('performance.md');
        expect(withFigures(page, await published())).toBe(page);
    });

    it('has a row for each shape and contender', async () => {
        const page = await docs('performance.md');
        for (const name of SHAPE_NAMES) expect(page).toContain(`| ${name} |`);
        for (const name of CONTENDER_NAMES) expect(page).toContain(`| \`${name}\` |`);
    });

    it('says so where the samples are too few to be quoted', async () => {
        const results = await published();
        const page = '<!-- figures: begin -->\n<!-- figures: end -->';
        const withPairs = (pairs: number) => withFigures(page, { ...results, options: { ...results.options, pairs } });
        expect(withPairs(7)).toContain('**Provisional**');
        expect(withPairs(8)).not.toContain('**Provisional**');
    });

    it('needs its markers', async () => {
        const results = await published();
        expect(() => withFigures('# Performance', results)).toThrow('<!-- figures: begin -->');
    });
});

describe('docs/performance.svg', () => {
    it('shows what performance.json has, and stands alone', async () => {
        const svg = await docs('performance.svg');
        expect(plot(await published())).toBe(svg);
        expect(svg).toContain('prefers-color-scheme: dark');
        expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|href|@import|url\(/);
        for (const name of SHAPE_NAMES) expect(svg).toContain(`>${name}</text>`);
    });
});
