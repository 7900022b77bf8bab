import { createHash, randomUUID } from 'node:crypto';

/** What a saved record's lines are, and where to look for them before they are sent. */
export interface SavedLines {
    kind: 'items' | 'rejected';
    datasetId: string;
    /** Where in the dataset to look for the items: they may have been stored all the same. */
    readBackFrom: number;
    /** Keys of the records in which these lines were saved before, among others; those of one time together. */
    replaces?: readonly (readonly string[])[];
    lines: readonly string[];
}

/** The first line of a record. */
interface Header extends Omit<SavedLines, 'lines'> {
    itemCount: number;
    /** SHA-256 of the lines behind it, in hexadecimal: half a record must not pass for one. */
    payloadHash: string;
    /** Set where one line is too long for a record: each record then holds a piece of it, as a JSON string. */
    piece?: { of: string; number: number; count: number };
}

/** Records stay under this, so that they are under 5 MB with their first line. */
const MAX_RECORD_BYTES = 4_500_000;
/** UTF-16 code units of a piece: as a JSON string each takes up to three bytes, or two with a backslash. */
const PIECE_LENGTH = MAX_RECORD_BYTES / 3;

/** Records under 5 MB, in JSON Lines, that hold these lines between them. */
export function toRecords(saved: SavedLines): string[] {
    return grouped(saved.lines).flatMap((lines) => {
        const [first = ''] = lines;
        if (lines.length > 1 || Buffer.byteLength(first) <= MAX_RECORD_BYTES) return [recordOf(saved, lines)];
        const count = Math.ceil(first.length / PIECE_LENGTH);
        const of = randomUUID();
        return Array.from({ length: count }, (_, number) => {
            const piece = first.slice(number * PIECE_LENGTH, (number + 1) * PIECE_LENGTH);
            return recordOf(saved, [JSON.stringify(piece)], { of, number, count });
        });
    });
}

/** Reads records, and puts the pieces of long lines together again. */
export class RecordReader {
    readonly #pieces = new Map<string, string[]>();

    /**
     * What the record holds; of several records that hold pieces of one line, the last one read gives the line.
     * @throws Error where it is not what was saved
     */
    read(text: string): SavedLines | undefined {
        const [first, ...lines] = text.split('\n').filter((line) => line !== '');
        const { kind, datasetId, readBackFrom, replaces, payloadHash, piece } = JSON.parse(first ?? '') as Header;
        if (hashOf(lines) !== payloadHash) throw new Error('the record is not what was saved');
        if (piece === undefined) return { kind, datasetId, readBackFrom, replaces, lines };
        const pieces = this.#pieces.get(piece.of) ?? [];
        pieces[piece.number] = JSON.parse(lines[0]!) as string;
        this.#pieces.set(piece.of, pieces);
        if (Object.keys(pieces).length < piece.count) return undefined;
        this.#pieces.delete(piece.of);
        return { kind, datasetId, readBackFrom, replaces, lines: [pieces.join('')] };
    }
}

function recordOf(saved: SavedLines, lines: string[], piece?: Header['piece']): string {
    const { kind, datasetId, readBackFrom, replaces } = saved;
    const payloadHash = hashOf(lines);
    const header: Header = { kind, datasetId, itemCount: lines.length, payloadHash, readBackFrom, replaces, piece };
    return [JSON.stringify(header), ...lines, ''].join('\n');
}

function hashOf(lines: readonly string[]): string {
    return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** The lines in groups that fit a record each; one that is larger has a group of its own. */
function grouped(lines: readonly string[]): string[][] {
    const groups: string[][] = [];
    let bytes = Infinity;
    for (const line of lines) {
        const lineBytes = Buffer.byteLength(line) + 1;
        if (bytes + lineBytes > MAX_RECORD_BYTES) {
            groups.push([]);
            bytes = 0;
        }
        groups.at(-1)!.push(line);
        bytes += lineBytes;
    }
    return groups;
}
