import { describeSyntaxError } from '../schema/json-syntax.js';
import { SourceError } from './source.js';

/** A line that is longer is no item any more: most likely the text is JSON without line breaks. */
const MAX_LINE_LENGTH = 128 * 1024 * 1024;

/**
 * The values of JSON Lines, one a line; blank lines are passed over. `onLine` is called with the number of the line of the next
 * value, from 1. @throws SourceError with line and column
 */
export async function* parseJsonLines(
    chunks: AsyncIterable<string>,
    name: string,
    onLine: (lineNumber: number) => void = () => undefined,
): AsyncGenerator<unknown> {
    let lineNumber = 0;
    for await (const line of linesOf(chunks, name)) {
        lineNumber++;
        if (line.trim() === '') continue;
        onLine(lineNumber);
        yield parseLine(line, lineNumber, name);
    }
}

/** Lines end with a line feed alone: JSON may hold U+2028 and U+2029 as they are. */
async function* linesOf(chunks: AsyncIterable<string>, name: string): AsyncGenerator<string> {
    // A long line comes in many chunks, which are joined once.
    let rest: string[] = [];
    let restLength = 0;
    for await (const chunk of chunks) {
        const lines = chunk.split('\n');
        const last = lines.pop()!;
        if (lines.length > 0) {
            lines[0] = `${rest.join('')}${lines[0]}`;
            rest = [];
            restLength = 0;
            yield* lines;
        }
        rest.push(last);
        restLength += last.length;
        if (restLength > MAX_LINE_LENGTH) {
            throw new SourceError(name, 'is not JSON Lines: a line is longer than 128 MiB. Is it JSON? Call it .json.');
        }
    }
    yield rest.join('');
}

function parseLine(line: string, lineNumber: number, name: string): unknown {
    try {
        return JSON.parse(line);
    } catch (error) {
        const what = describeSyntaxError(line).replace('line 1,', `line ${lineNumber},`);
        throw new SourceError(name, `is not JSON Lines: ${what}.`, { cause: error });
    }
}
