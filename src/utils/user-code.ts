import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { escapeControls } from './text.js';

/**
 * The folder of the library, whose frames are not the user's code. Read from a stack: `import.meta` is not there once the library is
 * bundled into CommonJS.
 */
const LIBRARY = dirname(dirname(fileOfFrame(new Error().stack?.split('\n')[1] ?? '')?.file ?? '/'));

/** The first frame of the stack that is neither the library's nor a package's: `src/main.ts:12:9`. */
export function placeInUserCode(error: unknown): string | undefined {
    const stack = error instanceof Error && typeof error.stack === 'string' ? error.stack : '';
    for (const line of stack.split('\n').slice(1)) {
        const frame = fileOfFrame(line);
        if (frame === undefined) continue;
        const { file, position } = frame;
        if (file.startsWith(`${LIBRARY}${sep}`) || file.includes('node_modules')) continue;
        const folder = `${process.cwd()}/`;
        return escapeControls(`${file.startsWith(folder) ? file.slice(folder.length) : file}:${position}`);
    }
    return undefined;
}

/** File and `line:column` of one line of a stack; `undefined` where it names no file. */
function fileOfFrame(line: string): { file: string; position: string } | undefined {
    const place = /\(?((?:file:\/\/)?\/[^()]*|[A-Za-z]:\\[^()]*):(\d+:\d+)\)?$/.exec(line.trim());
    if (place === null) return undefined;
    const [, path, position] = place as unknown as [string, string, string];
    return { file: path.startsWith('file:') ? fileURLToPath(path) : path, position };
}
