import { stat } from 'node:fs/promises';

import { UsageError } from './exit-codes.js';

/**
 * Refuses to write over a file that the command reads: its items would be gone. Links are followed. `reads` has paths, and names
 * that are no files of this machine. @throws UsageError
 */
export async function refuseToOverwrite(
    option: string,
    file: string | undefined,
    reads: readonly (string | undefined)[],
): Promise<void> {
    if (file === undefined) return;
    const output = await fileAt(file);
    if (output === undefined) return;
    for (const path of reads) {
        const input = path === undefined ? undefined : await fileAt(path);
        if (input?.dev !== output.dev || input.ino !== output.ino) continue;
        throw new UsageError(`${option} would write over ${file}, which this command reads. Name another file.`);
    }
}

/** Devices such as `/dev/null` may be read and written. */
async function fileAt(path: string) {
    const found = await stat(path).catch(() => undefined);
    return found?.isFile() ? found : undefined;
}
