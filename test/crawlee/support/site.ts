import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A web site on this machine. Every page has its path as its heading. */
export interface Site {
    url(path: string): string;
    /** `/1` to `/<count>`. */
    urls(count: number): string[];
    close(): void;
}

/** Paths that the site answers in its own way. */
const REDIRECTED = '/moved';
const MISSING = '/missing';

export async function startSite(): Promise<Site> {
    const server = createServer(({ url = '/' }, response) => {
        if (url === REDIRECTED) {
            response.writeHead(302, { location: '/here' }).end();
            return;
        }
        response
            .writeHead(url === MISSING ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' })
            .end(`<!doctype html><title>A page</title><h1>${url}</h1>`);
    });
    await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    const url = (path: string) => `http://127.0.0.1:${port}${path}`;
    return {
        url,
        urls: (count) => Array.from({ length: count }, (_, index) => url(`/${index + 1}`)),
        close() {
            server.close();
            server.closeAllConnections();
        },
    };
}
