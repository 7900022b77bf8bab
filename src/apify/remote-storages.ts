import { ApifyClient } from 'apify';

/** So much is asked for at once, as far as the size of what came before tells. */
const PAGE_BYTES = 4_000_000;
const FIRST_PAGE_ITEMS = 50;
const MAX_PAGE_ITEMS = 1_000;

/** A dataset on the platform that was found. */
export interface RemoteDataset {
    readonly id: string;
    readonly name?: string;
    readonly itemCount: number;
    readonly client: ReturnType<ApifyClient['dataset']>;
}

/** A client as a person uses it from outside of a run; `undefined` without `APIFY_TOKEN`. */
export function createRemoteClient(env: NodeJS.ProcessEnv = process.env): ApifyClient | undefined {
    const { APIFY_TOKEN: token, APIFY_API_BASE_URL: baseUrl } = env;
    if (!token) return undefined;
    return new ApifyClient({ token, ...(baseUrl && { baseUrl }), userAgentSuffix: ['apify-dataset-guard'] });
}

/** Finds a dataset by id, `owner/name`, `owner~name`, or the name of one's own. Creates nothing. */
export async function findRemoteDataset(client: ApifyClient, idOrName: string): Promise<RemoteDataset | undefined> {
    const found = (await lookUp(client, idOrName)) ?? (await lookUpOwn(client, idOrName));
    if (found === undefined) return undefined;
    const { id, name, itemCount } = found;
    return { id, ...(name && { name }), itemCount, client: client.dataset(id) };
}

async function lookUp(client: ApifyClient, idOrName: string) {
    return client.dataset(idOrName.replace('/', '~')).get();
}

async function lookUpOwn(client: ApifyClient, name: string) {
    if (/[/~]/.test(name)) return undefined;
    const { username } = await client.user('me').get();
    return username ? lookUp(client, `${username}~${name}`) : undefined;
}

/** Items in order, page by page, until a page is empty. The size of a page follows that of the items before. */
export async function* listPages<Item>(
    list: (offset: number, limit: number) => Promise<Item[]>,
    from = 0,
): AsyncGenerator<{ offset: number; items: Item[] }> {
    let offset = from;
    let limit = FIRST_PAGE_ITEMS;
    for (;;) {
        const items = await list(offset, limit);
        if (items.length === 0) return;
        yield { offset, items };
        offset += items.length;
        const itemBytes = JSON.stringify(items).length / items.length;
        limit = Math.max(1, Math.min(MAX_PAGE_ITEMS, limit * 2, Math.floor(PAGE_BYTES / itemBytes)));
    }
}
