/** A small site to crawl: `npx tsx movie-site.ts` serves it at http://localhost:8080/ until you press Ctrl+C. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';

/** What the pages of the site say. */
export const PAGES = [
    { title: 'Alien', year: '1979', stars: ['5', '4'] },
    { title: 'Brazil', year: '1985', stars: ['5', 'many'] },
    { title: 'Metropolis', year: 'long ago', stars: [] },
    { title: 'Heat', year: '1995', stars: ['9', '3'] },
];

/** A site with a page for each movie, linked from its front page. One of them does not load whole the first time. */
export async function startMovieSite(port = 0): Promise<{ url: string; close(): void }> {
    const server = createServer(({ url = '/' }, response) => {
        const page = PAGES[Number(url.slice(1)) - 1];
        response
            .writeHead(200, { 'content-type': 'text/html' })
            .end(page === undefined ? frontPage() : moviePage(page));
    });
    await new Promise<void>((resolve) => {
        server.listen(port, '127.0.0.1', resolve);
    });
    return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        close() {
            server.close();
            server.closeAllConnections();
        },
    };
}

const frontPage = () =>
    PAGES.map(({ title }, index) => `<a class="movie" href="/${index + 1}">${title}</a>`).join('\n');

function moviePage({ title, year, stars }: (typeof PAGES)[number]): string {
    const reviews = stars.map((count) => `<span class="review">${count}</span>`).join('');
    return `<h1>${title}</h1><span class="year">${year}</span>${reviews}${title === 'Brazil' ? '<i class="flaky"></i>' : ''}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
    const { url } = await startMovieSite(8080);
    process.stdout.write(`The site is at ${url}. Ctrl+C ends it.\n`);
}
