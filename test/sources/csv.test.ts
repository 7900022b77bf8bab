import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { openSource } from '../../src/sources/open-source.js';
import { SourceError } from '../../src/sources/source.js';
import { parseCsv } from '../../src/sources/csv.js';
import { temporaryFolder } from '../cli/support/cli.js';

async function rowsOf(text: string, delimiter = ',', chunkLength = text.length): Promise<unknown[]> {
    async function* chunks() {
        for (let at = 0; at < text.length; at += chunkLength) yield text.slice(at, at + chunkLength);
    }
    const rows: unknown[] = [];
    for await (const row of parseCsv(chunks(), 'items.csv', delimiter)) rows.push(row);
    return rows;
}

async function rowsOfFile(name: string, content: string | Buffer): Promise<unknown[]> {
    const path = join(await temporaryFolder(), name);
    await writeFile(path, content);
    const places = { storageDir: 'storage', hasToken: false, openRemote: async () => undefined };
    const rows: unknown[] = [];
    for await (const row of (await openSource(path, places)).items()) rows.push(row);
    return rows;
}

describe('CSV', () => {
    it('has items whose cells are numbers, booleans or text, and no property for an empty cell', async () => {
        const text = 'a,b,c\n1,true,x\n-1.5e3,"a ""quoted"", long\ncell",\n007,+1, false\n\n1.,.5,NaN\n';
        for (const chunkLength of [1, 7, 1_000]) {
            expect(await rowsOf(text, ',', chunkLength)).toEqual([
                { a: 1, b: true, c: 'x' },
                { a: -1_500, b: 'a "quoted", long\ncell' },
                { a: '007', b: '+1', c: ' false' },
                { a: '1.', b: '.5', c: 'NaN' },
            ]);
        }
    });

    it('has text for a cell that reads like a number no JSON can hold', async () => {
        expect(await rowsOf('sku,price\n12e4567,-9E999\n')).toEqual([{ sku: '12e4567', price: '-9E999' }]);
    });

    it('has nested objects and arrays for columns with slashes', async () => {
        const text =
            'id,offers/0/price,offers/0/shop/name,offers/1/price,tags/0,tags/1,pop/2000,pop/2001\n1,2,A,,x,,5,\n2,,,3,,y,,6\n3,,,,,,,\n';
        expect(await rowsOf(text)).toEqual([
            { id: 1, offers: [{ price: 2, shop: { name: 'A' } }], tags: ['x'], pop: { 2000: 5 } },
            { id: 2, offers: [{}, { price: 3 }], tags: [null, 'y'], pop: { 2001: 6 } },
            { id: 3 },
        ]);
    });

    it('has either form of a property that is text in some items and an object in others', async () => {
        expect(await rowsOf('a,a/b\n1,\n,2\n')).toEqual([{ a: 1 }, { a: { b: 2 } }]);
    });

    it('makes a plain property of a column that is called __proto__', async () => {
        const [row] = await rowsOf('__proto__,a\n1,2\n');
        expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
        expect(JSON.stringify(row)).toBe('{"__proto__":1,"a":2}');
    });

    it.each([
        ['tabs in .tsv', 'items.tsv', 'a\tb\n1\tx,y\n'],
        ['gzip', 'items.csv.gz', gzipSync('a,b\n1,"x,y"\n')],
        ['a byte order mark and lines of another system', 'items.csv', '\uFEFFa,b\r\n1,"x,y"\r\n'],
        ['no name that tells the format', 'items', 'a,b\n1,"x,y"\n'],
        ['tabs, and no name that tells the format', 'items', 'a\tb\n1\tx,y\n'],
    ])('is read with %s', async (_what, name, content) => {
        expect(await rowsOfFile(name, content)).toEqual([{ a: 1, b: 'x,y' }]);
    });

    it('has no items where there is nothing but a header, or nothing', async () => {
        expect(await rowsOf('a,b\n')).toEqual([]);
        expect(await rowsOf('')).toEqual([]);
    });

    it('lacks the properties of cells that a short row does not have', async () => {
        expect(await rowsOf('a,b\n1\n')).toEqual([{ a: 1 }]);
    });

    it.each([
        ['more cells than columns', 'a,b\n1,2\n1,2,3\n', 'line 3 has 3 cells, but there are 2 columns'],
        ['a quote that is not closed', 'a,b\n1,"2\n', 'is not CSV: '],
        ['a quote within a cell that has none around it', 'a,b\n1,{"c":2}\n', 'is not CSV: '],
    ])('is refused with %s', async (_what, text, message) => {
        await expect(rowsOf(text)).rejects.toThrow(SourceError);
        await expect(rowsOf(text)).rejects.toThrow(message);
    });

    it.each([
        ['semicolons', 'items.csv', 'a;b\n1;2\n', 'separated by ";"'],
        ['tabs in .csv', 'items.csv', 'a\tb\n1\t2\n', 'separated by tabs'],
        ['commas in .tsv', 'items.tsv', 'a,b\n1,2\n', 'separated by ","'],
    ])('is refused with %s, which would make one column of all', async (_what, name, text, message) => {
        await expect(rowsOfFile(name, text)).rejects.toThrow(SourceError);
        await expect(rowsOfFile(name, text)).rejects.toThrow(message);
    });

    it.each([
        ['CSV', 'items.csv', Buffer.from('a,b\n1,Caf\u00e9\n', 'latin1')],
        ['JSON Lines', 'items.jsonl', Buffer.from('{"a":"Caf\u00e9"}\n', 'latin1')],
        ['text that ends within a character', 'items.csv', Buffer.from('a\n\u00e9').subarray(0, -1)],
    ])('is refused in another encoding than UTF-8: %s', async (_what, name, content) => {
        const reading = rowsOfFile(name, content);
        await expect(reading).rejects.toThrow(SourceError);
        await expect(reading).rejects.toThrow(/is no UTF-8 text.* save it as UTF-8/);
    });

    it('keeps a replacement character that is in the text as UTF-8', async () => {
        expect(await rowsOfFile('items.csv', '\uFFFDa\nCaf\uFFFD\n')).toEqual([{ '\uFFFDa': 'Caf\uFFFD' }]);
    });

    it('is refused in UTF-16, with the encoding that it must have', async () => {
        const reading = rowsOfFile('items.csv', Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'));
        await expect(reading).rejects.toThrow(SourceError);
        await expect(reading).rejects.toThrow(/items\.csv: is no UTF-8 text.* save it as UTF-8/);
    });

    it('may be left before its end', async () => {
        async function* endless() {
            for (;;) yield `${'1,2\n'.repeat(1_000)}`;
        }
        const rows = parseCsv(endless(), 'items.csv', ',');
        expect(await rows.next()).toEqual({ done: false, value: { 1: 1, 2: 2 } });
        await rows.return(undefined);
        expect(await rows.next()).toEqual({ done: true, value: undefined });
    });
});
