import { CsvError, parse } from 'csv-parse';

import { rowReader } from './csv-row.js';
import { SourceError } from './source.js';

/**
 * The rows of CSV text as items, see `rowReader`. The first line names the columns; blank lines are passed over.
 * @throws SourceError with the line
 */
export async function* parseCsv(
    chunks: AsyncIterable<string>,
    name: string,
    delimiter: string,
): AsyncGenerator<Record<string, unknown>> {
    const parser = parse({ delimiter, skip_empty_lines: true, relax_column_count: true, info: true });
    const feeding = feed(chunks, parser);
    let readRow: ((cells: readonly string[]) => Record<string, unknown>) | undefined;
    let columns = 0;
    try {
        for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
            if (readRow === undefined) {
                columns = record.length;
                refuseOtherDelimiter(record, delimiter, name);
                readRow = rowReader(record);
                continue;
            }
            if (record.length > columns) {
                const what = `line ${info.lines} has ${record.length} cells, but there are ${columns} columns`;
                throw new SourceError(name, `is not CSV: ${what}. Is a cell with "${delimiter}" without quotes?`);
            }
            yield readRow(record);
        }
    } catch (error) {
        if (!(error instanceof CsvError)) throw error;
        throw new SourceError(name, `is not CSV: ${error.message}.`, { cause: error });
    } finally {
        parser.destroy();
        await feeding;
    }
}

const DELIMITERS = { ',': '","', ';': '";"', '\t': 'tabs' } as const;

/** Cells with another delimiter make one column, and each item would be one text. */
function refuseOtherDelimiter(header: readonly string[], delimiter: string, name: string): void {
    if (header.length !== 1) return;
    const found = Object.entries(DELIMITERS).find(([other]) => other !== delimiter && header[0]!.includes(other));
    if (found === undefined) return;
    const what = `is not CSV: its cells seem to be separated by ${found[1]}`;
    throw new SourceError(name, `${what}. Expected commas in .csv, and tabs in .tsv.`);
}

/** Writes text into the parser as fast as it reads; what fails on the way reaches whoever reads the rows. */
async function feed(chunks: AsyncIterable<string>, parser: ReturnType<typeof parse>): Promise<void> {
    try {
        for await (const chunk of chunks) {
            if (parser.destroyed) return;
            if (!parser.write(chunk)) await drained(parser);
        }
        parser.end();
    } catch (error) {
        parser.destroy(error as Error);
    }
}

async function drained(parser: ReturnType<typeof parse>): Promise<void> {
    if (parser.destroyed) return;
    await new Promise<void>((resolve) => {
        const done = () => {
            parser.off('drain', done).off('close', done);
            resolve();
        };
        parser.on('drain', done).on('close', done);
    });
}
