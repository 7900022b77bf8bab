import { parseJson } from './json.js';
import { parseJsonLines } from './json-lines.js';
import type { TextInput } from './text.js';

/** So much text is looked at before it is taken for one value. */
const MAX_LOOK_LENGTH = 1024 * 1024;

/** The items of a text whose format the name tells, or else the text itself. */
export async function* parseItems({ chunks }: TextInput, name: string, path = ''): AsyncGenerator<unknown> {
    const extension = /\.(jsonl|ndjson|json)(\.gz|\.gzip)?$/i.exec(path)?.[1]?.toLowerCase();
    const { text, isLines } =
        extension === undefined ? await detect(chunks) : { text: chunks, isLines: extension !== 'json' };
    yield* isLines ? parseJsonLines(text, name) : parseJson(text, name);
}

/** JSON Lines: the first line is a value by itself, and no array. */
async function detect(chunks: AsyncIterable<string>): Promise<{ text: AsyncIterable<string>; isLines: boolean }> {
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
    return { text, isLines: isValueWithoutArray(head.trimStart().split('\n', 1)[0]!) };
}

function isValueWithoutArray(line: string): boolean {
    if (line.startsWith('[')) return false;
    try {
        JSON.parse(line);
        return true;
    } catch {
        return false;
    }
}
