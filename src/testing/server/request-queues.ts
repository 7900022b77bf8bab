import { createHash } from 'node:crypto';

import { ApiError, type Call, data, isObject, NO_CONTENT, numberParam, parseJson, type Route } from './exchange.js';
import { newHead, StorageCollection, type StorageHead, storageRoutes } from './storages.js';

/** A request as it is stored, with what the queue itself knows about it. */
export interface QueuedRequest {
    readonly id: string;
    readonly uniqueKey: string;
    handledAt?: string | null;
    [field: string]: unknown;
}

export interface RequestQueue extends StorageHead {
    readonly requests: Map<string, QueuedRequest>;
    /** Ids of what is not handled, next one first. */
    readonly pending: string[];
    readonly locks: Map<string, { clientKey: string; expiresAt: number }>;
    readonly clientKeys: Set<string>;
}

export class RequestQueues {
    readonly #collection: StorageCollection<RequestQueue>;

    constructor(username: string) {
        this.#collection = new StorageCollection('Request Queue', username, createQueue);
    }

    add(options: { id?: string; name?: string }): RequestQueue {
        return this.#collection.add(createQueue(newHead(options.id, options.name)));
    }

    /** By id, or by name as tests know it. */
    get(idOrName: string): RequestQueue | undefined {
        return this.#collection.find(idOrName) ?? this.#collection.byName(idOrName);
    }

    routes(): Route[] {
        const root = 'request-queues';
        const on =
            (work: (queue: RequestQueue, call: Call, requestId: string) => unknown, status = 200): Route[2] =>
            (call, id, requestId) => {
                const queue = this.#collection.require(id!);
                const clientKey = call.query.get('clientKey');
                if (clientKey) queue.clientKeys.add(clientKey);
                const answer = work(queue, call, requestId ?? '');
                return answer === undefined ? NO_CONTENT : data(answer, status);
            };
        return [
            ...storageRoutes(root, this.#collection, view),
            ['GET', `${root}/:id/head`, on(listHead)],
            ['POST', `${root}/:id/head/lock`, on(lockHead)],
            ['POST', `${root}/:id/requests/batch`, on(addBatch, 201)],
            ['DELETE', `${root}/:id/requests/batch`, on(deleteBatch)],
            ['POST', `${root}/:id/requests/unlock`, on(unlockAll)],
            ['GET', `${root}/:id/requests`, on(listRequests)],
            ['POST', `${root}/:id/requests`, on((queue, call) => add(queue, asRequest(parseJson(call)), call), 201)],
            ['GET', `${root}/:id/requests/:request`, on((queue, _call, id) => requireRequest(queue, id))],
            ['PUT', `${root}/:id/requests/:request`, on(updateRequest)],
            ['DELETE', `${root}/:id/requests/:request`, on((queue, _call, id) => deleteRequest(queue, id))],
            ['PUT', `${root}/:id/requests/:request/lock`, on(prolongLock)],
            ['DELETE', `${root}/:id/requests/:request/lock`, on(deleteLock)],
        ];
    }
}

function createQueue(head: StorageHead): RequestQueue {
    return { ...head, requests: new Map(), pending: [], locks: new Map(), clientKeys: new Set() };
}

function view(queue: RequestQueue): Record<string, unknown> {
    const { id, name, createdAt, modifiedAt, requests, pending } = queue;
    return {
        id,
        name,
        createdAt,
        modifiedAt,
        accessedAt: modifiedAt,
        totalRequestCount: requests.size,
        pendingRequestCount: pending.length,
        handledRequestCount: requests.size - pending.length,
        hadMultipleClients: queue.clientKeys.size > 1,
    };
}

/** As Crawlee computes it, so that a client can tell an id before the answer comes. */
function requestId(uniqueKey: string): string {
    const hash = createHash('sha256').update(uniqueKey).digest('base64');
    return hash.replaceAll(/[+/=]/g, '').slice(0, 15);
}

function asRequest(value: unknown): Record<string, any> & { uniqueKey: string } {
    if (isObject(value) && typeof value.uniqueKey === 'string') return value as { uniqueKey: string };
    throw new ApiError(400, 'invalid-input', 'A request needs a "uniqueKey".');
}

function asList(call: Call): unknown[] {
    const value = parseJson(call);
    if (Array.isArray(value)) return value;
    throw new ApiError(400, 'invalid-input', 'Body must be a JSON array.');
}

function requireRequest(queue: RequestQueue, id: string): QueuedRequest {
    const request = queue.requests.get(id);
    if (!request) throw new ApiError(404, 'record-not-found', 'Request was not found');
    return request;
}

function add(queue: RequestQueue, request: Record<string, any> & { uniqueKey: string }, call: Call): unknown {
    const { uniqueKey } = request;
    const id = requestId(uniqueKey);
    const present = queue.requests.get(id);
    if (!present) {
        queue.requests.set(id, { ...request, id, uniqueKey });
        if (!request.handledAt) enqueue(queue, id, call);
        queue.modifiedAt = new Date();
    }
    const wasAlreadyHandled = Boolean(present?.handledAt);
    return { requestId: id, uniqueKey, wasAlreadyPresent: Boolean(present), wasAlreadyHandled };
}

function enqueue(queue: RequestQueue, id: string, call: Call): void {
    if (['1', 'true'].includes(call.query.get('forefront') ?? '')) queue.pending.unshift(id);
    else queue.pending.push(id);
}

function dequeue(queue: RequestQueue, id: string): void {
    const index = queue.pending.indexOf(id);
    if (index >= 0) queue.pending.splice(index, 1);
}

function addBatch(queue: RequestQueue, call: Call): unknown {
    const processedRequests = asList(call).map((request) => add(queue, asRequest(request), call));
    return { processedRequests, unprocessedRequests: [] };
}

function deleteBatch(queue: RequestQueue, call: Call): unknown {
    const processedRequests = asList(call).map((entry) => {
        const { id, uniqueKey } = entry as { id?: string; uniqueKey?: string };
        deleteRequest(queue, id ?? requestId(uniqueKey ?? ''));
        return { id, uniqueKey };
    });
    return { processedRequests, unprocessedRequests: [] };
}

function deleteRequest(queue: RequestQueue, id: string): undefined {
    queue.requests.delete(id);
    queue.locks.delete(id);
    dequeue(queue, id);
}

function updateRequest(queue: RequestQueue, call: Call, id: string): unknown {
    const present = queue.requests.get(id);
    const request = asRequest(parseJson(call));
    queue.requests.set(id, { ...request, id, uniqueKey: request.uniqueKey });
    queue.modifiedAt = new Date();
    const forefront = call.query.has('forefront');
    if (request.handledAt) {
        queue.locks.delete(id);
        dequeue(queue, id);
    } else if (!queue.pending.includes(id) || forefront) {
        dequeue(queue, id);
        enqueue(queue, id, call);
    }
    const wasAlreadyHandled = Boolean(present?.handledAt);
    return { requestId: id, uniqueKey: request.uniqueKey, wasAlreadyPresent: Boolean(present), wasAlreadyHandled };
}

function headItem(queue: RequestQueue, id: string): Record<string, unknown> {
    const { uniqueKey, url, method, retryCount } = queue.requests.get(id)!;
    return { id, uniqueKey, url, method, retryCount };
}

function head(queue: RequestQueue, limit: number, items: unknown[]): Record<string, unknown> {
    const hadMultipleClients = queue.clientKeys.size > 1;
    return { limit, queueModifiedAt: queue.modifiedAt, hadMultipleClients, items };
}

function listHead(queue: RequestQueue, call: Call): unknown {
    const limit = numberParam(call.query, 'limit', 0) || 1000;
    return head(
        queue,
        limit,
        queue.pending.slice(0, limit).map((id) => headItem(queue, id)),
    );
}

function isLocked(queue: RequestQueue, id: string): boolean {
    return (queue.locks.get(id)?.expiresAt ?? 0) > Date.now();
}

function lock(queue: RequestQueue, id: string, call: Call): Date {
    const expiresAt = Date.now() + numberParam(call.query, 'lockSecs', 60) * 1000;
    queue.locks.set(id, { clientKey: call.query.get('clientKey') ?? '', expiresAt });
    return new Date(expiresAt);
}

function lockHead(queue: RequestQueue, call: Call): unknown {
    const limit = numberParam(call.query, 'limit', 0) || 25;
    const free: string[] = [];
    for (const id of queue.pending) {
        if (free.length === limit) break;
        if (!isLocked(queue, id)) free.push(id);
    }
    const items = free.map((id) => ({ ...headItem(queue, id), lockExpiresAt: lock(queue, id, call) }));
    const queueHasLockedRequests = queue.pending.some((id) => isLocked(queue, id));
    const lockSecs = numberParam(call.query, 'lockSecs', 60);
    return { ...head(queue, limit, items), lockSecs, queueHasLockedRequests, clientKey: call.query.get('clientKey') };
}

/** A lock that somebody else holds cannot be touched. */
function checkLock(queue: RequestQueue, id: string, call: Call): void {
    const held = queue.locks.get(id);
    if (held && isLocked(queue, id) && held.clientKey !== (call.query.get('clientKey') ?? '')) {
        throw new ApiError(403, 'request-locked', 'The request is locked by another client.');
    }
}

function prolongLock(queue: RequestQueue, call: Call, id: string): unknown {
    if (requireRequest(queue, id).handledAt) throw new ApiError(400, 'request-handled', 'The request was handled.');
    checkLock(queue, id, call);
    return { lockExpiresAt: lock(queue, id, call) };
}

function deleteLock(queue: RequestQueue, call: Call, id: string): undefined {
    checkLock(queue, requireRequest(queue, id).id, call);
    queue.locks.delete(id);
    if (call.query.has('forefront')) {
        dequeue(queue, id);
        enqueue(queue, id, call);
    }
}

function unlockAll(queue: RequestQueue, call: Call): unknown {
    const clientKey = call.query.get('clientKey') ?? '';
    const mine = [...queue.locks].filter(([, held]) => held.clientKey === clientKey);
    for (const [id] of mine) queue.locks.delete(id);
    return { unlockedCount: mine.length };
}

function listRequests(queue: RequestQueue, call: Call): unknown {
    const limit = numberParam(call.query, 'limit', 0) || 1000;
    const after = call.query.get('cursor') ?? call.query.get('exclusiveStartId');
    const ids = [...queue.requests.keys()];
    const from = after === null ? 0 : ids.indexOf(after) + 1;
    const items = ids.slice(from, from + limit).map((id) => queue.requests.get(id));
    const nextCursor = from + limit < ids.length ? items.at(-1)?.id : undefined;
    return { items, limit, count: items.length, nextCursor };
}
