import { expect, it } from 'vitest';

import { readPage, sectionOf } from '../docs/support/pages.js';
import { TABLE_HEAD, TABLE_ROWS } from './support/table.js';

it('the table of docs/reliability.md has the columns and rows that the suite prints, a seed, and the command with it', async () => {
    const section = sectionOf(await readPage('docs/reliability.md'), '## Chaos');
    const [, table = ''] = /\n\n(\| workload[^]*?)\n\n/.exec(section) ?? [];
    const [head, , ...rows] = table.split('\n').map((line) => line.split('|').slice(1, -1));
    const cells = [head!, ...rows].map((row) => row.map((cell) => cell.trim()));
    expect(cells[0]).toEqual(TABLE_HEAD);
    expect(cells.slice(1).map((row) => row.slice(0, 2))).toEqual(TABLE_ROWS.map((row) => row.cells));
    for (const row of cells.slice(1)) {
        expect(row).toHaveLength(TABLE_HEAD.length);
        for (const count of row.slice(2)) expect(count).toMatch(/^\d{1,3}(,\d{3})*$/);
    }
    expect(section).toMatch(/CHAOS_SEED=\d+ npx vitest run test\/chaos\/chaos\.test\.ts/);
});
