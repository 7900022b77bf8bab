import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

// @ts-expect-error -- a script without types
import { toModule } from '../../../scripts/embed-style.mjs';
import { STYLE } from '../../../src/report/html/style.js';

const FOLDER = new URL('../../../src/report/html/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8');

describe('the style sheet in the page', () => {
    it('is that of style.css: `npm run build` has put it into the module', () => {
        expect(read('style.ts')).toBe(toModule(read('style.css')));
        expect(STYLE.toString()).toContain('--stored:#2b6f8e;');
    });

    it('has neither comments nor white space that nobody needs, and means the same', () => {
        const sheet =
            "/* why */\n.a,\n.b > c {\n    content: ' x: y ';\n    color: red;\n}\n@media (width: 1px) {\n}\n";
        expect(toModule(sheet)).toContain("css`.a,.b > c{content:' x: y ';color:red}@media (width:1px){}`");
    });
});
