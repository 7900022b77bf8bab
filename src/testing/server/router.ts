import { ApiError, type Call, type Handler, type Reply, type Route } from './exchange.js';

/** Finds what answers a request. */
export class Router {
    readonly #routes: { method: string; pattern: RegExp; handler: Handler }[];

    constructor(routes: Route[]) {
        this.#routes = routes.map(([method, path, handler]) => ({
            method,
            pattern: new RegExp(`^/v2/${path.replaceAll(/:\w+/g, '([^/]+)')}/?$`),
            handler,
        }));
    }

    answer(call: Call, path: string): Reply {
        for (const { method, pattern, handler } of this.#routes) {
            const match = method === call.method ? pattern.exec(path) : null;
            if (match) return handler(call, ...match.slice(1).map(decodeURIComponent));
        }
        throw new ApiError(404, 'page-not-found', 'We have bad news: there is no API endpoint at this URL.');
    }
}
