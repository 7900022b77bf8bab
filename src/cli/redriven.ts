import type { Source } from '../sources/source.js';

/** Tells, by position in the source, which records of a quarantine a redrive is done with; of a file of records nobody knows. */
export async function openRedriven(source: Source, named: string): Promise<(position: number) => boolean> {
    if (!source.isDataset) return () => false;
    // Loaded where it is needed: the SDK takes a while.
    const { useStoragesOf } = await import('../apify/command-line.js');
    const { findDataset } = await import('../apify/redrive-storages.js');
    const { openJournalStore } = await import('../apify/journal-store.js');
    const { Journal } = await import('../redrive/journal.js');
    const dataset = await findDataset((await useStoragesOf(named, undefined)).idOrName);
    if (dataset === undefined) return () => false;
    const { redriven } = await Journal.open(await openJournalStore(dataset, true));
    return (position) => redriven.has(position);
}
