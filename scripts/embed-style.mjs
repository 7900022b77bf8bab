// Writes the page's style sheet, src/report/html/style.css, into the module beside it. A page must need no other file, and a
// bundler would leave a file behind that is read at run time.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../src/report/html/', import.meta.url);

/** The module for a style sheet: its text without comments and white space. */
export function toModule(sheet) {
    const text = sheet
        .replaceAll(/\/\*[\s\S]*?\*\//g, '')
        .split(/('[^']*')/)
        // Every second part is a string.
        .map((part, index) => (index % 2 === 1 ? part : compact(part)))
        .join('')
        .trim();
    const escaped = text.replaceAll(/[\\`]|\$\{/g, String.raw`\$&`);
    return `// Made of style.css by scripts/embed-style.mjs, as a part of \`npm run build\`. Change that file instead.
import { css } from './markup.js';

export const STYLE = css\`${escaped}\`;
`;
}

function compact(part) {
    return part
        .replaceAll(/\s+/g, ' ')
        .replaceAll(/\s*([{};,])\s*/g, '$1')
        .replaceAll(': ', ':')
        .replaceAll(';}', '}');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    writeFileSync(new URL('style.ts', FOLDER), toModule(readFileSync(new URL('style.css', FOLDER), 'utf8')));
}
