// `npm pack` runs this: `strip` before, `restore` after. The workspace, the scripts and the development dependencies are this
// repository's; whoever installs the package has no use for them.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MANIFEST = new URL('../package.json', import.meta.url);
const KEPT = new URL('../package.json.kept', import.meta.url);

/** `package.json` as it is published. */
export function publishedManifest({ workspaces: _workspaces, scripts: _scripts, devDependencies: _dev, ...published }) {
    return published;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const [, , command] = process.argv;
    if (command === 'strip') {
        const text = readFileSync(MANIFEST, 'utf8');
        writeFileSync(KEPT, text);
        writeFileSync(MANIFEST, `${JSON.stringify(publishedManifest(JSON.parse(text)), null, 4)}\n`);
    } else if (command === 'restore') {
        if (existsSync(KEPT)) renameSync(KEPT, MANIFEST);
    } else {
        console.error('Usage: node scripts/published-manifest.mjs strip|restore');
        process.exitCode = 1;
    }
}
