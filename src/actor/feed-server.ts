import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Put beside the compiled files by the build. */
const MOVIES_FILE = new URL('movies.json', import.meta.url);

export interface FeedServer {
    url: string;
    close(): Promise<void>;
}

/**
 * Serves the movies that the Actor brings along, on this machine alone, so that a run without any input has a feed
 * and goes the same way as every other.
 */
export async function startFeedServer(file: URL = MOVIES_FILE): Promise<FeedServer> {
    const movies = await readFile(file);
    const server = createServer((request, response) => {
        const found = request.method === 'GET' && request.url === '/movies.json';
        response.writeHead(found ? 200 : 404, { 'content-type': 'application/json; charset=utf-8' });
        response.end(found ? movies : '{"error":"There is only /movies.json here."}');
    });
    await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
    });
    return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/movies.json`,
        close: async () =>
            new Promise((resolve) => {
                server.close(() => resolve());
                server.closeAllConnections(); // the crawler keeps its connections open
            }),
    };
}
