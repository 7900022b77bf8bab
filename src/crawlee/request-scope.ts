import { AsyncLocalStorage } from 'node:async_hooks';

import type { GuardableContext } from './guard-handle.js';

type Request = GuardableContext['request'];

/** Through these methods every crawler of Crawlee 3 runs what the Actor gave it for a request. */
interface RunsHandlers {
    _runRequestHandler?: (context: GuardableContext) => Promise<void>;
    _requestFunctionErrorHandler?: (error: Error, context: GuardableContext, source: unknown) => Promise<void>;
}

/** The request whose handler runs. One for all guards: a crawler is wrapped once, whoever asks for it. */
const scope = new AsyncLocalStorage<Request>();
const scoped = new WeakMap<object, { users: number; unwrap: () => void }>();

/** What is pushed while `run` runs, and by what it has started, belongs to `request`. */
export function withRequest<T>(request: Request, run: () => T): T {
    return scope.run(request, run);
}

export function currentRequest(): Request | undefined {
    return scope.getStore();
}

/** Lets the crawler's handlers run with their request. Returns how to undo it, or `undefined` for a crawler of another kind. */
export function scopeRequests(crawler: object): (() => void) | undefined {
    const entry = scoped.get(crawler) ?? wrap(crawler);
    if (entry === undefined) return undefined;
    scoped.set(crawler, entry);
    entry.users++;
    return () => {
        if (--entry.users > 0) return;
        scoped.delete(crawler);
        entry.unwrap();
    };
}

function wrap(crawler: RunsHandlers): { users: number; unwrap: () => void } | undefined {
    const { _runRequestHandler: run, _requestFunctionErrorHandler: handleError } = crawler;
    if (typeof run !== 'function') return undefined;
    const undo = [
        replace(crawler, '_runRequestHandler', async function (this: RunsHandlers, context) {
            await withRequest(context.request, async () => run.call(this, context));
        }),
    ];
    if (typeof handleError === 'function') {
        undo.push(
            replace(
                crawler,
                '_requestFunctionErrorHandler',
                async function (this: RunsHandlers, error, context, source) {
                    await withRequest(context.request, async () => handleError.call(this, error, context, source));
                },
            ),
        );
    }
    return { users: 0, unwrap: () => undo.forEach((restore) => restore()) };
}

/** Puts a method onto the object itself, before that of its class. Returns how to take it away. */
function replace<Key extends keyof RunsHandlers>(
    crawler: RunsHandlers,
    key: Key,
    method: NonNullable<RunsHandlers[Key]>,
): () => void {
    const own = Object.getOwnPropertyDescriptor(crawler, key);
    crawler[key] = method;
    return () => {
        // What somebody else has put there meanwhile stays, and leads to ours.
        if (crawler[key] !== method) return;
        if (own === undefined) delete crawler[key];
        else Object.defineProperty(crawler, key, own);
    };
}
