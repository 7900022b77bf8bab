import { none } from 'stream-chain/core';
import { Assembler } from 'stream-json/core/assembler.js';
import type { Token } from 'stream-json/core/parser.js';
import { jsonParser } from 'stream-json/core/parser.js';
import type { VerifierError } from 'stream-json/core/utils/verifier.js';
import { jsonVerifier } from 'stream-json/core/utils/verifier.js';

import { SourceError } from './source.js';

/**
 * The items of JSON text: the elements of an array, or a value that is no array. Several values may follow each other.
 * One element is in memory at a time. @throws SourceError with line and column
 */
export async function* parseJson(chunks: AsyncIterable<string>, name: string): AsyncGenerator<unknown> {
    const parse = jsonParser({ packValues: true, streamValues: false, jsonStreaming: true });
    // The parser does not know where it is.
    const verify = jsonVerifier({ jsonStreaming: true });
    const assembler = new Assembler();
    let isInArray = false;

    function* consume(text: string | typeof none): Generator<unknown> {
        try {
            verify(text as string);
        } catch (error) {
            throw syntaxError(name, error as VerifierError);
        }
        for (const token of tokensOf(parse(text as string))) {
            assembler.consume(token);
            if (assembler.depth === 1) {
                if (!isInArray) isInArray = Array.isArray(assembler.current);
                if (isInArray && (assembler.current as unknown[]).length > 0)
                    yield (assembler.current as unknown[]).pop();
            } else if (assembler.done) {
                if (!isInArray) yield assembler.current;
                isInArray = false;
            }
        }
    }

    for await (const chunk of chunks) if (chunk !== '') yield* consume(chunk);
    yield* consume(none);
    if (!assembler.done) throw new SourceError(name, 'is not JSON: unexpected end of the text.');
}

function tokensOf(parsed: unknown): Token[] {
    return parsed === none ? [] : (parsed as { values: Token[] }).values;
}

function syntaxError(name: string, error: VerifierError): SourceError {
    const what = error.message.replace(/^ERROR at .*?\): /, '').replace(/^Verifier (cannot parse input: )?(has )?/, '');
    return new SourceError(name, `is not JSON: ${what} at line ${error.line}, column ${error.pos}.`, { cause: error });
}
