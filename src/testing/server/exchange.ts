import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

/** One request as the endpoints see it: read to its end and decompressed. */
export interface Call {
    readonly method: string;
    /** Without the query. */
    readonly path: string;
    readonly query: URLSearchParams;
    readonly headers: IncomingHttpHeaders;
    /** Decompressed. */
    readonly body: Buffer;
    readonly wireBytes: number;
    /** `identity` when the body came as it is. */
    readonly contentEncoding: string;
    /** When the request had arrived, in milliseconds since the epoch. */
    readonly at: number;
    /** The body as text, decoded once. */
    text(): string;
}

export interface Reply {
    readonly status: number;
    readonly headers?: Record<string, string>;
    readonly body?: string | Buffer;
}

/** An answer of the API that is an error. */
export class ApiError extends Error {
    constructor(
        readonly status: number,
        readonly type: string,
        message: string,
        readonly data?: unknown,
    ) {
        super(message);
    }

    toReply(): Reply {
        return json(this.status, { error: { type: this.type, message: this.message, data: this.data } });
    }
}

export type Handler = (call: Call, ...params: string[]) => Reply;

/** A method, a path under `/v2/` whose `:name` segments are handed to the handler, and what answers. */
export type Route = readonly [method: string, pattern: string, handler: Handler];

const DECODERS: Record<string, (body: Buffer) => Promise<Buffer>> = {
    br: promisify(brotliDecompress),
    gzip: promisify(gunzip),
    deflate: promisify(inflate),
};

export function json(status: number, value: unknown, headers?: Record<string, string>): Reply {
    return {
        status,
        headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify(value),
    };
}

/** The API wraps nearly everything that it answers in `data`. */
export function data(value: unknown, status = 200): Reply {
    return json(status, { data: value });
}

export const NO_CONTENT: Reply = { status: 204 };

/** Parses a body that has to be JSON. */
export function parseJson(call: Call): unknown {
    try {
        return JSON.parse(call.text());
    } catch (error) {
        throw new ApiError(400, 'invalid-input', `Body is not valid JSON: ${(error as Error).message}`);
    }
}

/** Parses a body that has to be a JSON object; an empty body is an empty one. */
export function parseObject(call: Call): Record<string, any> {
    if (call.body.length === 0) return {};
    const value = parseJson(call);
    if (isObject(value)) return value;
    throw new ApiError(400, 'invalid-input', 'Body must be a JSON object.');
}

export function isObject(value: unknown): value is Record<string, any> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A query parameter that is a non-negative whole number. The API takes a limit of 0 for none. */
export function numberParam(query: URLSearchParams, name: string, fallback: number): number {
    const text = query.get(name);
    if (text === null || text === '') return fallback;
    const value = Number(text);
    if (Number.isInteger(value) && value >= 0) return value;
    throw new ApiError(400, 'invalid-value', `Parameter "${name}" must be a non-negative integer.`);
}

export function flagParam(query: URLSearchParams, name: string): boolean {
    return ['1', 'true'].includes(query.get(name) ?? '');
}

/** Rejects when the client goes away before its request is complete, or the body cannot be decompressed. */
export async function readCall(request: IncomingMessage): Promise<Call> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const wire = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    const contentEncoding = request.headers['content-encoding'] ?? 'identity';
    const body = await decode(wire, contentEncoding);
    const url = new URL(request.url ?? '/', 'http://localhost');
    let text: string | undefined;
    return {
        method: request.method ?? 'GET',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body,
        wireBytes: wire.length,
        contentEncoding,
        at: Date.now(),
        text: () => (text ??= body.toString('utf8')),
    };
}

async function decode(wire: Buffer, encoding: string): Promise<Buffer> {
    if (encoding === 'identity' || wire.length === 0) return wire;
    const decoder = DECODERS[encoding];
    if (!decoder) throw new ApiError(415, 'unsupported-content-encoding', `Unsupported encoding "${encoding}".`);
    try {
        return await decoder(wire);
    } catch {
        throw new ApiError(400, 'invalid-input', `Body is not valid ${encoding}.`);
    }
}

export function send(response: ServerResponse, reply: Reply): void {
    const body = reply.body ?? '';
    response.writeHead(reply.status, { ...reply.headers, 'content-length': Buffer.byteLength(body) });
    response.end(body);
}
