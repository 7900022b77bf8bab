import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { onTestFinished } from 'vitest';

export interface Answer {
    status?: number;
    type?: string;
    body: string | Buffer;
}

/** Serves `answers` by path on this machine and counts who asked, until the test is over. */
export async function startFeedHost(answers: Record<string, Answer>) {
    const requests: Record<string, number> = {};
    const server = createServer(({ url = '' }, response) => {
        requests[url] = (requests[url] ?? 0) + 1;
        const {
            status = 200,
            type = 'application/json',
            body,
        } = answers[url] ?? { status: 404, body: '[{"no":"feed"}]' };
        response.writeHead(status, { 'content-type': type }).end(body);
    });
    await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
        server.close();
        server.closeAllConnections();
    });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { requests, url: (path: string) => origin + path };
}
