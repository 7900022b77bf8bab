import { createHash, randomUUID } from 'node:crypto';

import type { UnsentBatch, UnsentItems } from '../pipeline/handover.js';
import type { SavedStatistics } from '../report/statistics.js';
import type { SavedKeysHead } from './saved-keys.js';

/** The state of a guard that another process of the run goes on with. */
export interface Snapshot extends UnsentItems {
    statistics: SavedStatistics;
}

/** A part of a snapshot's text. It never changes. */
export interface Piece {
    key: string;
    text: string;
}

export interface PieceReference {
    key: string;
    bytes: number;
    /** In hexadecimal. */
    sha256: string;
}

/** The first record that a start reads: it names all pieces, so that a snapshot is there as a whole or not at all. */
export interface SnapshotHead {
    version: 1;
    datasetId: string;
    /** Undefined locally. */
    runId?: string | undefined;
    host: string;
    pid: number;
    /** When the process started, in milliseconds since the epoch. */
    processStartedAt: number;
    /** Of the thread in that process; 0, or undefined, is the main one. */
    threadId?: number | undefined;
    /** Tells open guards on one dataset apart, from 1. */
    slot: number;
    /** The guard was closed: its work is done. */
    isClosed: boolean;
    /** Keys of the heads that this one replaces: a process may have been gone before they were removed. */
    replaces: string[];
    /** Keys of pieces that no head names any more: a process that ends has no time to remove them. */
    outdated?: string[];
    /** Items and records in the pieces. */
    itemCount: number;
    /** One after another; each list of pieces makes one text. */
    parts: PieceReference[][];
    /** Set where the option `unique` is. */
    keys?: SavedKeysHead | undefined;
    statistics: SavedStatistics;
}

/** No piece is larger, in UTF-8 bytes, so that any key-value store takes it. */
const MAX_PIECE_BYTES = 4_000_000;
const MAX_BYTES_PER_CODE_UNIT = 3;

/** The text of batches and records, cut into pieces under new keys. */
export function toPieces({ batches, records }: UnsentItems): Piece[] {
    const pieces: Piece[] = [];
    let text = '';
    let bytes = 0;
    const finish = () => {
        if (text !== '') pieces.push({ key: `DATASET-GUARD-UNSENT-${randomUUID()}`, text });
        text = '';
        bytes = 0;
    };
    for (const line of linesOf(batches, records)) {
        let rest = `${line}\n`;
        while (bytes + Buffer.byteLength(rest) > MAX_PIECE_BYTES) {
            const length = cutLength(rest, Math.floor((MAX_PIECE_BYTES - bytes) / MAX_BYTES_PER_CODE_UNIT));
            text += rest.slice(0, length);
            rest = rest.slice(length);
            finish();
        }
        text += rest;
        bytes += Buffer.byteLength(rest);
    }
    finish();
    return pieces;
}

export function referenceTo({ key, text }: Piece): PieceReference {
    return { key, bytes: Buffer.byteLength(text), sha256: hashOf(text) };
}

export function isIntact(text: string, { bytes, sha256 }: PieceReference): boolean {
    return Buffer.byteLength(text) === bytes && hashOf(text) === sha256;
}

/** Reads what `toPieces` wrote. @throws SyntaxError */
export function fromPieces(texts: readonly string[]): UnsentItems {
    const lines = texts.join('').split('\n');
    const batches: UnsentBatch[] = [];
    const records: string[] = [];
    for (let index = 0; index < lines.length - 1;) {
        const { kind, count, from, identity, isWaiting, recordIds } = JSON.parse(lines[index]!) as GroupHeader;
        const group = lines.slice(index + 1, index + 1 + count);
        const waiting = isWaiting && { isWaiting, recordIds };
        if (kind === 'items') batches.push({ from, ...waiting, lines: group, identity });
        else if (kind === 'repaired') batches.at(-1)!.repaired = group;
        else records.push(...group);
        index += 1 + count;
    }
    return { batches, records };
}

/** @throws TypeError for what is not a head of this version */
export function parseHead(text: string): SnapshotHead {
    const head = JSON.parse(text) as SnapshotHead;
    const isHead = head.version === 1 && Array.isArray(head.parts) && Array.isArray(head.replaces);
    if (!isHead) throw new TypeError(`expected a snapshot of version 1, but got: version ${String(head.version)}`);
    return head;
}

interface GroupHeader {
    /** `repaired` belongs to the items before it. */
    kind: 'items' | 'repaired' | 'records';
    count: number;
    from?: number | undefined;
    identity?: UnsentBatch['identity'];
    isWaiting?: boolean | undefined;
    recordIds?: string[] | undefined;
}

function* linesOf(batches: readonly UnsentBatch[], records: readonly string[]): Generator<string> {
    for (const { from, identity, isWaiting, recordIds, lines, repaired } of batches) {
        yield JSON.stringify({
            kind: 'items',
            count: lines.length,
            from,
            identity,
            isWaiting,
            recordIds,
        } satisfies GroupHeader);
        yield* lines;
        if (repaired === undefined) continue;
        yield JSON.stringify({ kind: 'repaired', count: repaired.length } satisfies GroupHeader);
        yield* repaired;
    }
    if (records.length === 0) return;
    yield JSON.stringify({ kind: 'records', count: records.length } satisfies GroupHeader);
    yield* records;
}

/** Both halves of a surrogate pair stay together: apart they would not survive the encoding. */
function cutLength(text: string, length: number): number {
    const code = text.charCodeAt(length - 1);
    return code >= 0xd8_00 && code <= 0xdb_ff ? length - 1 : length;
}

function hashOf(text: string): string {
    return createHash('sha256').update(text).digest('hex');
}
