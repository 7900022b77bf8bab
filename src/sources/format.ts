import { parseCsv } from './csv.js';
import { parseJson } from './json.js';
import { parseJsonLines } from './json-lines.js';
import type { TextInput } from './text.js';

/** So much text is looked at before it is taken for one value. */
const MAX_LOOK_LENGTH = 1024 * 1024;

/** The items of a text whose format the name tells, or else the text itself. `onLine`: see `parseJsonLines`. */
export async function* parseItems(
    { chunks }: TextInput,
    name: string,
    path = '',
    onLine: (lineNumber: number) => void = () => undefined,
): AsyncGenerator<unknown> {
    const extension = /\.(jsonl|ndjson|json|csv|tsv)(\.gz|\.gzip)?$/i.exec(path)?.[1]?.toLowerCase();
    const { text, format } =
        extension === undefined ? await detect(chunks) : { text: chunks, format: FORMATS[extension as 'json'] };
    yield* PARSERS[format](text, name, onLine);
}

type Format = 'json' | 'lines' | 'csv' | 'tsv';

const FORMATS = { json: 'json', jsonl: 'lines', ndjson: 'lines', csv: 'csv', tsv: 'tsv' } as const;
type Parse = (
    text: AsyncIterable<string>,
    name: string,
    onLine: (lineNumber: number) => void,
) => AsyncGenerator<unknown>;

const PARSERS: Record<Format, Parse> = {
    json: parseJson,
    lines: parseJsonLines,
    csv: (text, name) => parseCsv(text, name, ','),
    tsv: (text, name) => parseCsv(text, name, '\t'),
};

async function detect(chunks: AsyncIterable<string>): Promise<{ text: AsyncIterable<string>; format: Format }> {
    const iterator = chunks[Symbol.asyncIterator]();
    // Each chunk is looked at once: to look at all of them with each would take the square of their number.
    const looked: string[] = [];
    let length = 0;
    let hasText = false;
    for (;;) {
        const { value, done } = await iterator.next();
        if (done) break;
        looked.push(value);
        length += value.length;
        const piece: string = hasText ? value : (value as string).trimStart();
        if (!hasText && piece.startsWith('[')) break;
        hasText ||= piece !== '';
        if ((hasText && piece.includes('\n')) || length > MAX_LOOK_LENGTH) break;
    }
    const head = looked.join('');
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
