import { existsSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';

const IN_MEMORY = '/dev/shm';
/** Bytes: more than the largest sample needs. */
const MIN_FREE_BYTES = 4_000_000_000;

/**
 * The folder for local files unless told otherwise: in memory where the system has room for that. On a disk the file
 * system takes most of the time, and by chance: the SDK makes and deletes a lock for each item, and ext4 looks through all
 * that was deleted in the last five seconds before it makes a new file, in some parts of the disk and not in others.
 */
export function defaultLocalFolder(): string {
    if (!existsSync(IN_MEMORY)) return tmpdir();
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return bavail * bsize >= MIN_FREE_BYTES ? IN_MEMORY : tmpdir();
}

export function isFolder(path: string): boolean {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
