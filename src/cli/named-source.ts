import type { listPages as ListPages, RemoteDataset } from '../apify/remote-storages.js';
import { openSource } from '../sources/open-source.js';
import type { Source } from '../sources/source.js';
import type { Progress } from './terminal.js';

/** Help on `<source>`. */
export const SOURCE_HELP = `<source> is one of:
  a file     .json (an array of items), .jsonl or .ndjson, .csv or .tsv, gzip or
             not; any size
  -          the same on standard input
  a folder   of a local dataset, such as storage/datasets/default, or its name
  a dataset  on the platform, by id, name or owner/name, with APIFY_TOKEN

In CSV, a cell that is a JSON number or boolean is one, an empty cell is a
missing field, and the columns a/0/b and a/1/b are an array of objects.`;

/** The items of a source, with a line that tells how far they are read. */
export async function* withProgress(
    source: Source,
    progress: Progress,
    words: (readItems: number) => string,
): AsyncGenerator<unknown> {
    let readItems = 0;
    for await (const item of source.items()) {
        yield item;
        readItems++;
        progress.show(() => {
            const share = source.progress();
            return `${words(readItems)}${share === undefined ? '' : ` (${Math.floor(share * 100)} %)`}`;
        });
    }
}

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
        isDataset: true,
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
