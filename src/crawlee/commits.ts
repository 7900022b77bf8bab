import { textOf, without } from '../push/handler-call.js';
import type { Examined } from '../flow/intake.js';
import type { GuardableContext } from './door.js';

type Items = readonly Examined[];

/** What became of an attempt's items: those that no retry need push again, and why not all. */
export interface Pushed {
    done: Items;
    error?: unknown;
}

/**
 * What failed attempts have stored all the same: a request that is under way when a handler times out cannot be called
 * back, and of several requests the last may fail. The retry then leaves out what is the same to the letter.
 */
export class Commits {
    /** By crawler and unique key, as long as the commit is under way or a retry may follow. */
    readonly #done = new WeakMap<object, Map<string, Promise<Items>>>();

    /** Stores what no earlier attempt for this request has stored, with `push`. Resolves to the number of items left out. */
    async commit(
        { crawler, request }: GuardableContext,
        items: Items,
        isCurrent: () => boolean,
        push: (items: Items) => Promise<Pushed>,
    ): Promise<{ leftOut: number; error?: unknown }> {
        const commits = this.#of(crawler as object);
        const { uniqueKey } = request;
        const earlier = commits.get(uniqueKey) ?? Promise.resolve([]);
        const pushed = earlier.then(async (before) => {
            const left = without(items, before.map(textOf));
            const { done, error } = await push(left);
            return { done: [...before, ...done], leftOut: items.length - left.length, error };
        });
        const done = pushed.then((outcome) => outcome.done);
        commits.set(uniqueKey, done);
        const { leftOut, error } = await pushed;
        const isOver = error === undefined ? isCurrent() : (await done).length === 0;
        if (isOver && commits.get(uniqueKey) === done) commits.delete(uniqueKey);
        return { leftOut, error };
    }

    #of(crawler: object): Map<string, Promise<Items>> {
        const known = this.#done.get(crawler);
        if (known !== undefined) return known;
        const commits = new Map<string, Promise<Items>>();
        this.#done.set(crawler, commits);
        return commits;
    }
}
