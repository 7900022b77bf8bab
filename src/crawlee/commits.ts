import type { Examined } from '../intake.js';
import type { GuardableContext } from './door.js';

type Items = readonly Examined[];

/**
 * What attempts store after their handlers have timed out: a request that is under way cannot be called back. The retry
 * then leaves out what is the same to the letter.
 */
export class Commits {
    /** By crawler and unique key, as long as the commit is under way or a retry may follow. */
    readonly #stored = new WeakMap<object, Map<string, Promise<Items>>>();

    /** Stores what no earlier attempt for this request has stored, with `push`. Resolves to the number of items left out. */
    async commit(
        { crawler, request }: GuardableContext,
        items: Items,
        isCurrent: () => boolean,
        push: (items: Items) => Promise<unknown>,
    ): Promise<number> {
        const commits = this.#of(crawler as object);
        const { uniqueKey } = request;
        const earlier = commits.get(uniqueKey) ?? Promise.resolve([]);
        const left = earlier.then((stored) => without(items, stored));
        const pushed = left.then(push);
        const stored = Promise.all([earlier, left, pushed]).then(([before, own]) => [...before, ...own]);
        commits.set(
            uniqueKey,
            stored.catch(async () => earlier),
        );
        await stored;
        if (isCurrent()) commits.delete(uniqueKey);
        return items.length - (await left).length;
    }

    #of(crawler: object): Map<string, Promise<Items>> {
        const known = this.#stored.get(crawler);
        if (known !== undefined) return known;
        const commits = new Map<string, Promise<Items>>();
        this.#stored.set(crawler, commits);
        return commits;
    }
}

/** The items but for those, each taken out once. */
function without(items: Items, stored: Items): Items {
    const counts = new Map<string, number>();
    for (const item of stored) {
        const text = textOf(item);
        if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    return items.filter((item) => {
        const text = textOf(item);
        const count = text === undefined ? 0 : (counts.get(text) ?? 0);
        if (count > 0) counts.set(text!, count - 1);
        return count === 0;
    });
}

const textOf = (item: Examined): string | undefined => (typeof item === 'string' ? item : item.text);
