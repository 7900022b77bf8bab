import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { renderReportPage } from '../../../src/report/html/render.js';
import type { ReportPage } from '../../../src/report/page.js';
import { hasChromium, launchChromium, unlessSkipped } from '../../support/chromium.js';
import { HOSTILE_TEXTS, hostilePage } from '../support/hostile.js';
import { moviePage } from '../support/pages.js';

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1_280, height: 900 };

let browser: Browser;
/** One for all visits that need no other settings than a page can change: each page of its own is a process. */
let sharedPage: Page;
beforeAll(async () => {
    if (!hasChromium) return;
    browser = await launchChromium();
    sharedPage = await browser.newPage();
}, 120_000);
afterAll(async () => browser?.close());

/** Events in a page that must not happen. */
interface Visit {
    page: Page;
    /** Paths that the page asked for, itself included. */
    requests: string[];
    dialogs: string[];
    /** Errors, and what the browser says of policies that were violated. */
    messages: string[];
}

type Settings = Pick<BrowserContextOptions, 'colorScheme' | 'forcedColors' | 'javaScriptEnabled'> & {
    viewport?: { width: number; height: number };
};

/** Opens the page from a server, as people do, and lets it do what it wants. */
async function visit(report: ReportPage, settings: Settings = {}): Promise<Visit> {
    const { viewport = DESKTOP, colorScheme = 'light', forcedColors = 'none' } = settings;
    const html = renderReportPage(report);
    const requests: string[] = [];
    const server = createServer((request, response) => {
        requests.push(request.url!);
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(request.url === '/' ? html : 'no');
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const isShared = settings.javaScriptEnabled !== false;
    const page = isShared ? sharedPage : await browser.newPage({ javaScriptEnabled: false });
    await page.setViewportSize(viewport);
    await page.emulateMedia({ media: 'screen', colorScheme, forcedColors });
    const [dialogs, messages]: string[][] = [[], []];
    page.on('dialog', (dialog) => {
        dialogs!.push(dialog.message());
        void dialog.dismiss();
    });
    page.on('pageerror', (error) => messages!.push(String(error)));
    page.on('console', (message) => messages!.push(message.text()));
    page.on('request', (request) => {
        if (!request.url().startsWith('http://127.0.0.1')) requests.push(request.url());
    });
    onTestFinished(async () => {
        if (isShared) page.removeAllListeners();
        else await page.close();
        server.closeAllConnections();
        server.close();
    });
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { waitUntil: 'load' });
    return { page, requests, dialogs: dialogs!, messages: messages! };
}

/** Acts as a reader: unfolds everything, and goes through all that takes the focus or the mouse. */
async function readAll(page: Page): Promise<void> {
    await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true;
        for (const element of document.querySelectorAll<HTMLElement>('body *')) {
            element.focus?.();
            for (const type of ['mouseover', 'mouseenter', 'error', 'load', 'toggle', 'animationstart']) {
                element.dispatchEvent(new Event(type));
            }
        }
        window.scrollTo(0, document.documentElement.scrollHeight);
    });
}

const harm = async (page: Page) => page.evaluate(() => (window as { harm?: unknown }).harm);

describe.skipIf(!hasChromium)(`a page of hostile items${unlessSkipped}`, { timeout: 120_000 }, () => {
    it('runs nothing, asks nobody and opens nothing', async () => {
        const { page, requests, dialogs, messages } = await visit(hostilePage());
        await readAll(page);
        await page.reload();
        expect(await harm(page)).toBeUndefined();
        expect({ dialogs, messages }).toEqual({ dialogs: [], messages: [] });
        expect(new Set(requests)).toEqual(new Set(['/']));
        expect(page.url()).toMatch(/^http:\/\/127/);
    });

    it('holds only what the page is made of', async () => {
        const { page } = await visit(hostilePage());
        const found = await page.evaluate(() => {
            const all = [...document.querySelectorAll('*')];
            const attributes = new Set(all.flatMap((element) => element.getAttributeNames()));
            return {
                tags: [...new Set(all.map((element) => element.localName))].sort(),
                handlers: [...attributes].filter((name) => name.startsWith('on') || name === 'style' || name === 'src'),
                policies: document.querySelectorAll('meta[http-equiv]').length,
                styles: document.styleSheets.length,
                links: [...document.links].map(({ protocol, rel }) => `${protocol} ${rel}`),
            };
        });
        expect(found.tags.join(' ')).toBe(
            'a b bdi body code dd details div dl dt figcaption figure h1 h2 h3 head header html i li main meta ol p path ' +
                'pre rect section small span style summary svg table tbody td th thead title tr ul',
        );
        expect(found).toMatchObject({ handlers: [], policies: 1, styles: 1 });
        expect(found.links.length).toBeGreaterThan(0);
        expect(new Set(found.links)).toEqual(new Set(['https: noopener noreferrer nofollow']));
    });

    it('shows what was tried as the text that it is, and names what cannot be seen', async () => {
        const { page } = await visit(hostilePage());
        await readAll(page);
        const text = await page.innerText('main');
        expect(text).toContain('"<script>window.harm = 1; alert(1)</script>"');
        expect(text).toContain('&lt;script&gt;alert(7)&lt;/script&gt; &#60;script&#62; &copy;');
        expect(text).toContain('[U+202E]gnp.exe[U+202C]');
        expect(text).toContain('[U+0000]null[U+0007]bell[U+001B][31mred[U+0085]next');
        expect(text).toContain('[U+200B][U+2060][U+FEFF][U+00AD]');
        expect(text).toContain('[172 more marks]algo');
        expect(text).toContain('👨‍👩‍👧‍👦');
        expect(text).toContain(HOSTILE_TEXTS['right to left']!);
        expect(text).not.toMatch(/[\p{Bidi_Control}\u200b]/u);
        expect(text).not.toContain('\u0000');
        expect(await page.title()).toMatch(/^1,000 items stored, 138 in quarantine – <script>window\.harm/);
    });

    it('would run nothing even if markup came through, for the policy forbids it', async () => {
        const { page, requests, dialogs, messages } = await visit(hostilePage());
        await page.evaluate(() => {
            const script = document.createElement('script');
            script.textContent = 'window.harm = 1';
            document.body.append(script);
            document.body.insertAdjacentHTML(
                'beforeend',
                `<img src="/image" onerror="window.harm = 2"><link rel="stylesheet" href="/style.css"><iframe src="/frame"></iframe>
                 <p id="styled" style="display: none">x</p><style>h1 { display: none }</style><object data="/object"></object>`,
            );
        });
        await expect.poll(() => messages.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(6);
        expect(await harm(page)).toBeUndefined();
        expect([...new Set(requests)]).toEqual(['/']);
        expect(dialogs).toEqual([]);
        expect(await page.isVisible('#styled')).toBe(true);
        expect(await page.isVisible('h1')).toBe(true);
    });

    it.each([320, 390, 1_280])('has nothing that reaches over the edge of a screen of %i pixels', async (width) => {
        const { page } = await visit(hostilePage(), { viewport: { width, height: 800 } });
        await readAll(page);
        expect(await overflowing(page)).toEqual({ scrollWidth: width, beyond: [] });
    });
});

describe.skipIf(!hasChromium)(`the page of a run in a browser${unlessSkipped}`, { timeout: 120_000 }, () => {
    it.each([
        ['a phone', PHONE],
        ['a desktop', DESKTOP],
    ])('fits %s, in letters that can be read', async (_, viewport) => {
        const { page, messages } = await visit(moviePage(), { viewport });
        await readAll(page);
        expect(await overflowing(page)).toEqual({ scrollWidth: viewport.width, beyond: [] });
        const smallest = await page.evaluate(() =>
            Math.min(
                ...[...document.querySelectorAll('main *')].map((one) => parseFloat(getComputedStyle(one).fontSize)),
            ),
        );
        expect(smallest).toBeGreaterThanOrEqual(12);
        expect(messages).toEqual([]);
    });

    it.each<[string, Settings]>([
        ['light, 1,280 pixels wide', { viewport: DESKTOP, colorScheme: 'light' }],
        ['dark, 1,280 pixels wide', { viewport: DESKTOP, colorScheme: 'dark' }],
        ['light, 390 pixels wide', { viewport: PHONE, colorScheme: 'light' }],
        ['dark, 320 pixels wide', { viewport: { width: 320, height: 640 }, colorScheme: 'dark' }],
        ['forced colours', { viewport: DESKTOP, forcedColors: 'active' }],
    ])('has no fault that axe finds in %s', async (_, options) => {
        for (const report of [moviePage(), hostilePage(), warnPage()]) {
            const { page } = await visit(report, options);
            await readAll(page);
            expect(await axeViolations(page)).toEqual([]);
        }
    });

    it('has bars and legend, and all details open, in print', async () => {
        const { page } = await visit(moviePage(), { viewport: DESKTOP, colorScheme: 'dark' });
        await page.emulateMedia({ media: 'print' });
        expect(await page.getByText('Rejected by the platform').isVisible()).toBe(true);
        const colours = await page.evaluate(() => {
            const of = (selector: string, property: string) =>
                getComputedStyle(document.querySelector(selector)!).getPropertyValue(property);
            return [
                of('body', 'background-color'),
                of('.legend rect', 'fill'),
                of('.legend rect', 'print-color-adjust'),
            ];
        });
        expect(colours).toEqual(['rgb(255, 255, 255)', 'rgb(43, 111, 142)', 'exact']);
    });

    it('can be read aloud: headings in order, tables with heads, words for each picture', async () => {
        const { page } = await visit(moviePage(), { viewport: PHONE });
        expect(await page.getByRole('heading', { level: 1 }).allInnerTexts()).toEqual([
            '48,225 items stored, 290 in quarantine',
        ]);
        const headings = await page.getByRole('heading', { level: 2 }).allInnerTexts();
        expect(headings).toEqual([
            'Fields',
            'Why items are in quarantine',
            'Repairs',
            'Duplicates',
            'What to do',
            'Technical details',
        ]);
        expect(await page.getByRole('heading', { level: 3 }).first().innerText()).toMatch(/Price\s+\/price/);
        await page.getByText('Items per minute, requests').click();
        const pictures = page.getByRole('img');
        expect(await pictures.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')))).toEqual([
            '48,225 stored, 290 in quarantine, 25 duplicates left out',
            'Stored: at most 1,439 a minute; in quarantine: at most 54 a minute',
        ]);
        const table = page.getByRole('table').first();
        expect(await table.getByRole('columnheader').allTextContents()).toEqual([
            'Field',
            'Filled',
            'Null',
            'Failed',
            'Example',
        ]);
        expect(await table.getByRole('rowheader').count()).toBe(7);
        await page.getByText('Items a minute as a table').click();
        expect(await page.getByRole('table').last().getByRole('rowheader').count()).toBe(24);
        expect(await page.getAttribute('html', 'lang')).toBe('en');
    });

    it('unfolds what is folded without a script', async () => {
        const { page } = await visit(moviePage(), { javaScriptEnabled: false });
        const traffic = page.getByText('Rejected by the platform');
        expect(await traffic.isVisible()).toBe(false);
        await page.getByText('Items per minute, requests').click();
        expect(await traffic.isVisible()).toBe(true);
    });
});

/** Items are stored against the schema, and none is in quarantine. */
function warnPage(): ReportPage {
    const { items, ...page } = moviePage();
    const { storedItems } = items;
    const all = { receivedItems: storedItems, storedItems, quarantinedItems: 0 };
    return { ...page, items: all, warnedItems: 290, verdict: { outcome: 'passed', unmet: [] }, quarantine: undefined };
}

/** The violations that axe finds, as rule and place. */
async function axeViolations(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(async () =>
        (window as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }),
    );
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

/** How wide the page is, and what of its text lies outside. */
async function overflowing(page: Page) {
    return page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        const beyond = [...document.querySelectorAll('main *')]
            .filter((element) => !element.closest('thead'))
            .filter((element) => element.getBoundingClientRect().right > clientWidth + 0.5)
            .map(({ localName, className }) => `${localName}.${className}`);
        return { scrollWidth, beyond };
    });
}
