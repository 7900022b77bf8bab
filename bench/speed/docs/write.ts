import { readFile, writeFile } from 'node:fs/promises';

import type { Results } from '../results.js';
import { withFigures } from './markdown.js';
import { plot } from './plot.js';
import { toPublished } from './published.js';

/** The command `npm run bench:docs`: makes the page and the plot in `docs` from what `npm run bench -- --json` wrote. */
export async function writeDocs(args: readonly string[], docs: URL): Promise<number> {
    const [file, ...others] = args;
    if (file === undefined || others.length > 0) {
        console.error(
            'Expected the file that `npm run bench -- --json <file>` has written: npm run bench:docs -- <file>',
        );
        return 1;
    }
    const results = toPublished(JSON.parse(await readFile(file, 'utf8')) as Results);
    const page = new URL('performance.md', docs);
    await writeFile(page, withFigures(await readFile(page, 'utf8'), results));
    await writeFile(new URL('performance.svg', docs), plot(results));
    await writeFile(new URL('performance.json', docs), `${JSON.stringify(results, undefined, 4)}\n`);
    return 0;
}
