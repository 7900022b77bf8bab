import { createServer, type IncomingMessage, request as sendRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiServer } from '../../test/support/api-server.js';

/** A request to store items, as it came. */
export interface Push {
    readonly contentEncoding: string;
    readonly wire: Buffer;
}

export interface Front {
    readonly url: string;
    /** In order of arrival. */
    readonly pushes: readonly Push[];
    close(): Promise<void>;
}

const KEEP_ALIVE_MILLIS = 300_000;

/** Answers requests to store items by itself, after the latency, and hands all others on to the platform. */
export async function startFront(platform: ApiServer, latencyMillis: number): Promise<Front> {
    const pushes: Push[] = [];
    const datasetPath = `/v2/datasets/${platform.ids.datasetId}/items`;
    const server = createServer((request, response) => {
        if (request.method === 'POST' && request.url?.startsWith(datasetPath)) {
            void store(request, response, pushes, latencyMillis).catch(() => response.destroy());
        } else handOn(request, response, platform.port);
    });
    server.keepAliveTimeout = KEEP_ALIVE_MILLIS;
    server.requestTimeout = 0;
    await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
    });
    return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        pushes,
        async close() {
            server.closeAllConnections();
            await new Promise((resolve) => {
                server.close(resolve);
            });
        },
    };
}

async function store(
    request: IncomingMessage,
    response: ServerResponse,
    pushes: Push[],
    latencyMillis: number,
): Promise<void> {
    const wire = await buffer(request);
    pushes.push({ contentEncoding: request.headers['content-encoding'] ?? 'identity', wire });
    if (latencyMillis > 0) await sleep(latencyMillis);
    response.writeHead(201, { 'content-type': 'application/json; charset=utf-8', 'content-length': 2 });
    response.end('{}');
}

function handOn(request: IncomingMessage, response: ServerResponse, port: number): void {
    const { method, url: path, headers } = request;
    const handedOn = sendRequest({ host: '127.0.0.1', port, method, path, headers }, (reply) => {
        response.writeHead(reply.statusCode!, reply.headers);
        reply.pipe(response);
    });
    handedOn.on('error', () => response.destroy());
    request.pipe(handedOn);
}
