import { createHash } from 'node:crypto';

import { hasEnded } from '../apify/crawlee-core.js';
import type { CollectedItems } from '../run-end/last-sending.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { PreparedItem } from '../pipeline/prepare.js';
import { heldLength } from '../pipeline/repair/repairs.js';
import type { Pusher } from '../pipeline/push.js';
import type { RequestInfo } from '../records.js';
import { PushSource, Waiter } from '../waiter.js';
import type { AttemptState, Page } from './attempt.js';
import { addCopy, Attempt, newestWithItems } from './attempt.js';

/**
 * What handlers have collected. A page is committed when its handler returns; only its newest attempt that has collected
 * something counts. What was committed early, or of which only a part was stored, is not stored again by a retry.
 */
export class CollectedPages implements CollectedItems {
    readonly #pipeline: Pipeline;
    readonly #pusher: Pusher;
    /** By crawler and unique key. */
    readonly #pages = new Map<object, Map<string, Page>>();

    constructor(pipeline: Pipeline, pusher: Pusher) {
        this.#pipeline = pipeline;
        this.#pusher = pusher;
    }

    /** Runs of handlers with the same `attemptId` belong together: none drops what another one has collected. */
    begin(
        { crawler, uniqueKey, attemptId }: { crawler: object; uniqueKey: string; attemptId: unknown },
        request: RequestInfo,
        state: AttemptState,
    ): Attempt {
        const page = this.#pageOf(crawler, uniqueKey);
        if (page.turn?.id !== attemptId) {
            page.turn = { id: attemptId, number: (page.turn?.number ?? 0) + 1, copies: new Map() };
        }
        const attempt = new Attempt(page, page.turn!, request, state);
        page.attempts.push(attempt);
        return attempt;
    }

    /** Resolves at once, or, once the page was committed early or memory is short, when the items are stored. */
    async collect(attempt: Attempt, items: readonly PreparedItem[]): Promise<void> {
        const { counters, buffer } = this.#pipeline;
        counters.received(items.length);
        if (attempt.number < attempt.page.newestNumber) {
            counters.discarded(items.length);
            return;
        }
        if (items.length > 0) this.#dropOlder(attempt);
        const bytes = items.reduce((sum, item) => sum + heldLength(item), 0);
        attempt.add(items, bytes);
        buffer.collected(bytes);
        if (attempt.isCommittedEarly) await this.commit(attempt);
        else if (buffer.isOverfull) await this.#relieve();
    }

    /** Stores what the attempt has collected, but for what an earlier one has stored. @throws what the push throws */
    async commit(attempt: Attempt): Promise<void> {
        const { page } = attempt;
        this.#dropOlder(attempt);
        // The items stay with the attempt until they are pushed, so that the end of a process finds them.
        const committed = page.committing.then(async () => this.#push(attempt));
        page.committing = committed.catch(() => undefined);
        await committed;
    }

    /** The handler has returned. Resolves to whether its items are stored. @throws what the push throws */
    async returned(attempt: Attempt): Promise<boolean> {
        // Nobody waits for it: its retry pushes the same, unless none follows.
        if (!attempt.isCurrent) {
            attempt.isWaiting = true;
            return false;
        }
        try {
            await this.commit(attempt);
            if (attempt.isCommittedEarly) await this.#pipeline.flush();
        } finally {
            this.#end(attempt);
        }
        if (attempt.isCurrent) attempt.page.forget();
        return true;
    }

    /** The handler has thrown. `isLast`: no other attempt follows, so that what it pushed is all there will be. Never rejects. */
    async threw(attempt: Attempt, isLast: boolean): Promise<void> {
        attempt.isWaiting = true;
        if (!isLast) return;
        // It may have failed before it pushed anything: then what an earlier one has pushed is all there is.
        this.#commitPage(attempt.page);
        attempt.isCommittedEarly = true;
        await this.#pipeline.flush().catch(() => undefined);
        attempt.page.forget();
    }

    /** A push of a handler that has returned before. */
    async pushLate(attempt: Attempt, items: readonly PreparedItem[]): Promise<void> {
        this.#pipeline.counters.received(items.length);
        await this.#pusher.pushPrepared(items, new Waiter(attempt.request));
    }

    /** Puts on its way what no attempt follows for. A crawler that runs again leaves out what it was stopped before. */
    commitEnded(): void {
        for (const [crawler, byKey] of this.#pages) {
            for (const page of byKey.values()) if (hasEnded(crawler) || isHandled(page)) this.#commitPage(page);
        }
    }

    async commitAll(): Promise<void> {
        const pages = [...this.#pages.values()].flatMap((byKey) => [...byKey.values()]);
        for (const attempt of this.#uncommitted()) this.#commitEarly(attempt);
        // What is being committed because its handler has returned is part of it.
        await Promise.all(pages.map(async ({ committing }) => committing));
    }

    /** Everything that is collected, for the end of a process. */
    takeAll(): PreparedItem[] {
        return this.#uncommitted().flatMap((attempt) => {
            const { items, bytes } = attempt.take();
            this.#pipeline.buffer.collected(-bytes);
            return this.#withoutCommitted(attempt, items, false);
        });
    }

    #uncommitted(): Attempt[] {
        const pages = [...this.#pages.values()].flatMap((byKey) => [...byKey.values()]);
        return pages.flatMap(newestWithItems);
    }

    #commitPage(page: Page): void {
        for (const newest of newestWithItems(page)) this.#commitEarly(newest);
    }

    /** Puts what the attempt has collected on its way, whoever fails. A retry leaves it out. */
    #commitEarly(attempt: Attempt): void {
        const { page, request } = attempt;
        attempt.isCommittedEarly = true;
        this.#dropOlder(attempt);
        const { items, bytes } = attempt.take();
        this.#pipeline.buffer.collected(-bytes);
        const left = this.#withoutCommitted(attempt, items, true);
        for (const hash of left.flatMap(hashOf)) addCopy(page.committed, hash);
        this.#pusher.enqueuePrepared(left, new PushSource(request));
    }

    /** Commits until memory suffices: first what waits for a retry, then what is largest. */
    async #relieve(): Promise<void> {
        const byNeed = this.#uncommitted().sort(
            (a, b) => Number(b.isWaiting) - Number(a.isWaiting) || b.bytes - a.bytes,
        );
        const [first] = byNeed;
        if (first !== undefined) this.#commitEarly(first);
        // The handler waits, as a push of its own would.
        await this.#pipeline.flush().catch(() => undefined);
    }

    async #push(attempt: Attempt): Promise<void> {
        const { page, request } = attempt;
        const { items, bytes } = attempt.take();
        const left = this.#withoutCommitted(attempt, items, attempt.isCommittedEarly);
        this.#pipeline.buffer.collected(-bytes);
        if (left.length === 0) return;
        const waiter = new Waiter(request, undefined, () => !attempt.isCommittedEarly && !attempt.isCurrent);
        try {
            await this.#pusher.pushPrepared(left, waiter);
        } finally {
            const mayBeRepeated = attempt.isCommittedEarly || waiter.error !== undefined || !attempt.isCurrent;
            const unstored = new Set(waiter.unstored);
            if (mayBeRepeated) {
                const stored = left.filter((_, index) => !unstored.has(index));
                for (const hash of stored.flatMap(hashOf)) addCopy(page.committed, hash);
            }
        }
    }

    /**
     * The items of an attempt that are not stored yet. Of equal ones an attempt stores as many as it pushes, less those that
     * earlier attempts have stored. `goesOn`: the attempt may push more of them after these.
     */
    #withoutCommitted(attempt: Attempt, items: PreparedItem[], goesOn: boolean): PreparedItem[] {
        const { committed } = attempt.page;
        if (committed.size === 0 && !goesOn) return items;
        const left = items.filter((item) => {
            const [hash] = hashOf(item);
            return hash === undefined || attempt.countCopy(hash) > (committed.get(hash) ?? 0);
        });
        this.#pipeline.counters.discarded(items.length - left.length);
        return left;
    }

    /** A later attempt has collected something, or has returned: what earlier ones have collected is pushed by it again. */
    #dropOlder(attempt: Attempt): void {
        const { page, number } = attempt;
        page.newestNumber = Math.max(page.newestNumber, number);
        for (const older of page.attempts.filter((other) => other.number < number)) {
            const { items, bytes } = older.take();
            this.#pipeline.counters.discarded(items.length);
            this.#pipeline.buffer.collected(-bytes);
            if (older.isWaiting) this.#end(older);
        }
    }

    #end(attempt: Attempt): void {
        const { page } = attempt;
        page.attempts = page.attempts.filter((other) => other !== attempt);
    }

    #pageOf(crawler: object, uniqueKey: string): Page {
        const pages = this.#pages.get(crawler) ?? new Map<string, Page>();
        this.#pages.set(crawler, pages);
        const known = pages.get(uniqueKey);
        if (known !== undefined && !isHandled(known)) return known;
        // The crawler runs again. This is no retry, so that it leaves nothing out.
        if (known !== undefined) this.#commitPage(known);
        const page: Page = {
            attempts: [],
            turn: undefined,
            newestNumber: 0,
            committed: new Map(),
            committing: Promise.resolve(),
            forget: () => {
                if (pages.get(uniqueKey) !== page || page.attempts.some(({ hasItems }) => hasItems)) return;
                pages.delete(uniqueKey);
                if (pages.size === 0) this.#pages.delete(crawler);
            },
        };
        pages.set(uniqueKey, page);
        return page;
    }
}

/** Its request is done, although an attempt of it still holds something or has not returned. */
function isHandled({ attempts }: Page): boolean {
    return attempts.some((attempt) => attempt.isHandled);
}

/** Of the item as it was pushed: a repair function of the user's may repair it otherwise each time. */
function hashOf({ text, repaired }: PreparedItem): string[] {
    const asPushed = repaired?.asPushed ?? text;
    return asPushed === undefined ? [] : [createHash('sha1').update(asPushed).digest('base64')];
}
