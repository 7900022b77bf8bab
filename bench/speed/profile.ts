import { mkdir, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { dirname } from 'node:path';

/** Profiles what comes between this and `write`: not the start of the process, as the flag of Node.js would. */
export async function startProfile(): Promise<{ write: (file: string) => Promise<void> }> {
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    return {
        async write(file) {
            const { profile } = await session.post('Profiler.stop');
            session.disconnect();
            await mkdir(dirname(file), { recursive: true });
            await writeFile(file, JSON.stringify(profile));
        },
    };
}
