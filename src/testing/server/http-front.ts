import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { ApiError, type Call, readCall, type Reply, send } from './exchange.js';
import { type Fault, faultError, Faults } from './faults.js';

export interface RequestEntry {
    readonly method: string;
    /** Without the query. */
    readonly path: string;
    /** 0 when the connection was cut or nothing was answered (yet). */
    status: number;
}

/** The server behind the front, which does the work. */
export interface Backend {
    /** Throws an `ApiError` for what the API answers with an error. */
    answer(call: Call): Reply;
    /** Told of each request when it has arrived whole; what it returns is told the status of the answer. */
    arrived(call: Call): { status: number } | undefined;
}

/** Takes requests from the network to the backend and answers back, unless a fault comes between. */
export class HttpFront {
    readonly faults = new Faults();
    readonly requests: RequestEntry[] = [];
    readonly server: Server;
    latencyMillis = 0;
    readonly #closing = new AbortController();

    constructor(private readonly backend: Backend) {
        // Each answer that waits listens to it.
        setMaxListeners(0, this.#closing.signal);
        this.server = createServer((request, response) => {
            this.#serve(request, response).catch(() => {
                // A client that went away, or the server being closed: nobody is left to be answered.
                response.destroy();
            });
        });
        // An idle connection that is closed just as a client takes it up again would be a fault nobody asked for.
        this.server.keepAliveTimeout = 300_000;
        this.server.requestTimeout = 0;
    }

    get port(): number {
        return (this.server.address() as AddressInfo).port;
    }

    async listen(): Promise<void> {
        await new Promise<void>((resolve, reject) => {
            this.server.once('error', reject);
            this.server.listen(0, '127.0.0.1', resolve);
        });
    }

    async close(): Promise<void> {
        this.#closing.abort();
        const closed = new Promise((resolve) => {
            this.server.close(resolve);
        });
        this.server.closeAllConnections();
        await closed;
    }

    async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
        let call: Call;
        try {
            call = await readCall(request);
        } catch (error) {
            if (error instanceof ApiError) return send(response, error.toReply());
            throw error;
        }
        const givenUp = new Promise<void>((resolve) => {
            response.once('close', resolve);
        });
        const entry: RequestEntry = { method: call.method, path: call.path, status: 0 };
        this.requests.push(entry);
        const told = this.backend.arrived(call);
        const reply = await this.#answer(call, this.faults.take(call), givenUp);
        if (reply === 'hang') return undefined;
        if (reply === 'cut') {
            request.socket.destroy();
            return undefined;
        }
        entry.status = reply.status;
        if (told) told.status = reply.status;
        return send(response, reply);
    }

    async #answer(call: Call, fault: Fault | undefined, givenUp: Promise<void>): Promise<Reply | 'cut' | 'hang'> {
        if (this.latencyMillis > 0) await this.#pause(this.latencyMillis);
        if (!fault) return this.#dispatch(call);
        if (fault.givenUp) await givenUp;
        if (fault.when === 'after') {
            const reply = this.#dispatch(call);
            return (await this.#strike(fault)) ?? reply;
        }
        return (await this.#strike(fault)) ?? this.#dispatch(call);
    }

    /** The answer that the client gets instead of the true one; undefined when the fault is mere slowness. */
    async #strike(fault: Fault): Promise<Reply | 'cut' | 'hang' | undefined> {
        if (fault.until) await fault.until;
        if (fault.delayMillis) await this.#pause(fault.delayMillis);
        if (fault.cut) return 'cut';
        if (fault.hang) return 'hang';
        if (fault.status === undefined) return undefined;
        if (fault.body !== undefined) {
            return { status: fault.status, headers: { 'content-type': 'text/html' }, body: fault.body };
        }
        const { status, type, message, data } = faultError(fault);
        return new ApiError(status, type, message, data).toReply();
    }

    #dispatch(call: Call): Reply {
        try {
            return this.backend.answer(call);
        } catch (error) {
            if (error instanceof ApiError) return error.toReply();
            return new ApiError(500, 'internal-server-error', String(error)).toReply();
        }
    }

    async #pause(millis: number): Promise<void> {
        await sleep(millis, undefined, { signal: this.#closing.signal });
    }
}
