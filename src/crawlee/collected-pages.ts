import { createHash } from 'node:crypto';

import type { CollectedItems } from '../run-end/run-end.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { PreparedItem } from '../pipeline/prepare.js';
import { heldLength } from '../pipeline/repair/repairs.js';
import type { Pusher } from '../pipeline/push.js';
import type { RequestInfo } from '../records.js';
import { PushSource, Waiter } from '../waiter.js';

/** One run of a handler for a page, and what it has collected. */
export class Attempt {
    readonly page: Page;
    /** Attempts of a page count up. */
    readonly number: number;
    readonly request: RequestInfo;
    readonly #isCurrent: () => boolean;
    readonly #copies = new Map<string, number>();
    #items: PreparedItem[] = [];
    #bytes = 0;
    /** The handler still runs, but the page was committed: what it pushes from now on is stored at once. */
    isCommittedEarly = false;
    /** The handler has thrown, or nobody waits for it any more. */
    isWaiting = false;

    /** `isCurrent`: whether the crawler waits for this very run of the handler. */
    constructor(page: Page, number: number, request: RequestInfo, isCurrent: () => boolean) {
        this.page = page;
        this.number = number;
        this.request = request;
        this.#isCurrent = isCurrent;
    }

    get isCurrent(): boolean {
        return this.#isCurrent();
    }

    get hasItems(): boolean {
        return this.#items.length > 0;
    }

    get bytes(): number {
        return this.#bytes;
    }

    /** Counts an item that is about to be stored. Returns how many equal ones the attempt has pushed with it. */
    countCopy(hash: string): number {
        return addCopy(this.#copies, hash);
    }

    add(items: readonly PreparedItem[], bytes: number): void {
        this.#items.push(...items);
        this.#bytes += bytes;
    }

    take(): { items: PreparedItem[]; bytes: number } {
        const taken = { items: this.#items, bytes: this.#bytes };
        this.#items = [];
        this.#bytes = 0;
        return taken;
    }
}

/** A crawler's request, as long as an attempt may follow. */
interface Page {
    attempts: Attempt[];
    startedAttempts: number;
    /** The newest attempt that has collected something, or has returned: what earlier ones push later is left out. */
    newestNumber: number;
    /** Counts the stored copies of each item by its hash. A retry that pushes the same item to the letter leaves that number out. */
    readonly committed: Map<string, number>;
    /** Settles with the last commit. */
    committing: Promise<unknown>;
    /** Forgets the page. */
    forget: () => void;
}

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

    begin(crawler: object, uniqueKey: string, request: RequestInfo, isCurrent: () => boolean): Attempt {
        const page = this.#pageOf(crawler, uniqueKey);
        const attempt = new Attempt(page, ++page.startedAttempts, request, isCurrent);
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
        this.#commitEarly(attempt.page.attempts.findLast(({ hasItems }) => hasItems) ?? attempt);
        attempt.isCommittedEarly = true;
        await this.#pipeline.flush().catch(() => undefined);
        attempt.page.forget();
    }

    /** A push of a handler that has returned before. */
    async pushLate(attempt: Attempt, items: readonly PreparedItem[]): Promise<void> {
        this.#pipeline.counters.received(items.length);
        await this.#pusher.pushPrepared(items, new Waiter(attempt.request));
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
        return pages.flatMap(({ attempts }) => attempts.findLast((attempt) => attempt.hasItems) ?? []);
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
        if (known !== undefined) return known;
        const page: Page = {
            attempts: [],
            startedAttempts: 0,
            newestNumber: 0,
            committed: new Map(),
            committing: Promise.resolve(),
            forget: () => {
                if (page.attempts.some(({ hasItems }) => hasItems)) return;
                pages.delete(uniqueKey);
                if (pages.size === 0) this.#pages.delete(crawler);
            },
        };
        pages.set(uniqueKey, page);
        return page;
    }
}

function hashOf({ text }: PreparedItem): string[] {
    return text === undefined ? [] : [createHash('sha1').update(text).digest('base64')];
}

function addCopy(copies: Map<string, number>, hash: string): number {
    const count = (copies.get(hash) ?? 0) + 1;
    copies.set(hash, count);
    return count;
}
