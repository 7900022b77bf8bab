import { parseCsv } from './csv.js';
import { parseJson } from './json.js';
import { parseJsonLines } from './json-lines.js';
import type { TextInput } from './text.js';

/** So much text is looked at before it is taken for one value. */
const MAX_LOOK_LENGTH = 1024 * 1024;

/** The items of a text whose format the name tells, or else the text itself. */
export async function* parseItems({ chunks }: TextInput, name: string, path = ''): AsyncGenerator<unknown> {
    const extension = /\.(jsonl|ndjson|json|csv|tsv)(\.gz|\.gzip)?$/i.exec(path)?.[1]?.toLowerCase();
    const { text, format } =
        extension === undefined ? await detect(chunks) : { text: chunks, format: FORMATS[extension as 'json'] };
    yield* PARSERS[format](text, name);
}

type Format = 'json' | 'lines' | 'csv' | 'tsv';

const FORMATS = { json: 'json', jsonl: 'lines', ndjson: 'lines', csv: 'csv', tsv: 'tsv' } as const;
const PARSERS: Record<Format, (text: AsyncIterable<string>, name: string) => AsyncGenerator<unknown>> = {
    json: parseJson,
    lines: parseJsonLines,
    csv: (text, name) => parseCsv(text, name, ','),
    tsv: (text, name) => parseCsv(text, name, '\t'),
};

async function detect(chunks: AsyncIterable<string>): Promise<{ text: AsyncIterable<string>; format: Format }> {
    const iterator = chunks[Symbol.asyncIterator]();
    let head = '';
    for (;;) {
        const { value, done } = await iterator.next();
        if (done) break;
        head += value;
        if (/\S[^\n]*\n/.test(head) || /^\s*\[/.test(head) || head.length > MAX_LOOK_LENGTH) break;
    }
    const text = (async function* rejoin() {
        yield head;
        yield* { [Symbol.asyncIterator]: () => iterator };
    })();
    return { text, format: formatOf(head.trimStart().split('\n', 1)[0]!) };
}

/** The first line of JSON Lines is a value by itself, and no array; that of CSV is no JSON and names several columns. */
function formatOf(firstLine: string): Format {
    if (/^[[{]/.test(firstLine) && !isValue(firstLine)) return 'json';
    if (isValue(firstLine)) return firstLine.startsWith('[') ? 'json' : 'lines';
    if (firstLine.includes('\t')) return 'tsv';
    return firstLine.includes(',') ? 'csv' : 'json';
}

function isValue(line: string): boolean {
    try {
        JSON.parse(line);
        return true;
    } catch {
        return false;
    }
}
