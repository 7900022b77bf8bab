import type { SyncStorage } from '../apify/sync-storages.js';
import { PayloadWriter } from '../delivery/payload.js';
import type { Quarantine } from '../quarantine/quarantine.js';
import type { SyncRequests } from './sync-requests.js';

const MAX_PAYLOAD_BYTES = 5_000_000;

/** Writes the quarantine's pending records as the process ends. What cannot be written stays pending. */
export function writeRecordsSync(
    quarantine: Quarantine,
    openStorage: () => SyncStorage | undefined,
    requests: SyncRequests,
): void {
    const texts = quarantine.completeSync();
    if (texts.length === 0) return;
    let bodies = toPayloads(texts).map(({ body }) => body);
    const storage = openStorage();
    if (storage === undefined) return;
    // A record that is written again has the same id, so that nobody needs to know whether it is there.
    for (let tries = 1; ;) {
        const results = requests.pushAll(storage, bodies);
        bodies = bodies.filter((_, index) => results[index]?.kind !== 'stored');
        if (bodies.length === 0) break;
        if (!results.some(({ kind }) => kind === 'unavailable') || !requests.pauseBefore(++tries)) return;
    }
    quarantine.writtenAtExit();
}

function toPayloads(texts: readonly string[]): PayloadWriter[] {
    const groups: string[][] = [];
    let bytes = Infinity;
    for (const text of texts) {
        bytes += Buffer.byteLength(text) + 1;
        if (bytes > MAX_PAYLOAD_BYTES) {
            groups.push([]);
            bytes = Buffer.byteLength(text) + 2;
        }
        groups.at(-1)!.push(text);
    }
    return groups.map((group) => PayloadWriter.of(group));
}
