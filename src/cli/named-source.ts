import type { listPages as ListPages, RemoteDataset } from '../apify/remote-storages.js';
import { openSource } from '../sources/open-source.js';
import type { Source } from '../sources/source.js';

/** The folder of the local storage, as the SDK finds it. */
export function storageFolder(): string {
    return process.env.CRAWLEE_STORAGE_DIR || 'storage';
}

/** Opens what a person names on the command line, here or on the platform. @throws SourceError */
export async function openNamedSource(named: string): Promise<Source> {
    return openSource(named, {
        storageDir: storageFolder(),
        hasToken: Boolean(process.env.APIFY_TOKEN),
        async openRemote(idOrName) {
            // Loaded where it is needed: the SDK takes a while.
            const { createRemoteClient, findRemoteDataset, listPages } = await import('../apify/remote-storages.js');
            const client = createRemoteClient();
            const dataset = client && (await findRemoteDataset(client, idOrName));
            return dataset && remoteSource(dataset, listPages);
        },
    });
}

function remoteSource({ id, name, itemCount, client }: RemoteDataset, listPages: typeof ListPages): Source {
    let readItems = 0;
    return {
        name: `dataset ${name ?? id}`,
        async *items() {
            const list = async (offset: number, limit: number) => (await client.listItems({ offset, limit })).items;
            for await (const { items } of listPages<unknown>(list)) {
                readItems += items.length;
                yield* items;
            }
        },
        progress: () => (itemCount === 0 ? undefined : Math.min(1, readItems / itemCount)),
    };
}
