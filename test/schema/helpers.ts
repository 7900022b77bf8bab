import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { SchemaLoadError } from '../../src/errors.js';
import type { Log } from '../../src/ports.js';
import type { Dictionary } from '../../src/records.js';
import type { DatasetSchemaAnswer, SchemaSources } from '../../src/schema/discover.js';

export interface LogLine {
    level: string;
    message: string;
}

export function recordingLog(): Log & { lines: LogLine[] } {
    const lines: LogLine[] = [];
    const at = (level: string) => (message: string) => void lines.push({ level, message });
    return { lines, debug: at('debug'), info: at('info'), warning: at('warning'), error: at('error') };
}

/** A folder with the given files: text as it is, anything else as JSON. */
export async function actorFolder(files: Dictionary): Promise<{ cwd: string; remove: () => Promise<void> }> {
    const cwd = await mkdtemp(join(tmpdir(), 'guard-schema-'));
    for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(cwd, path)), { recursive: true });
        await writeFile(join(cwd, path), typeof content === 'string' ? content : JSON.stringify(content));
    }
    return { cwd, remove: async () => rm(cwd, { recursive: true }) };
}

export async function loadError(promise: Promise<unknown>): Promise<SchemaLoadError> {
    const outcome = await promise.then(
        () => new Error('It was expected to reject, but resolved.'),
        (error: unknown) => error,
    );
    if (outcome instanceof SchemaLoadError) return outcome;
    throw outcome;
}

/** Answers as the platform would; remembers what it was asked, in order. */
export class Platform implements SchemaSources {
    readonly isAtHome: boolean = true;
    readonly datasetId = 'abc123';
    readonly buildNumber = '1.0.3';
    readonly asked: string[] = [];
    datasetSchema: DatasetSchemaAnswer | Error = { found: false };
    buildDefinition: unknown = undefined;

    constructor(readonly cwd: string) {}

    async readDatasetSchema(): Promise<DatasetSchemaAnswer> {
        this.asked.push('dataset');
        if (this.datasetSchema instanceof Error) throw this.datasetSchema;
        return this.datasetSchema;
    }

    async readBuildDefinition(): Promise<unknown> {
        this.asked.push('build');
        if (this.buildDefinition instanceof Error) throw this.buildDefinition;
        return this.buildDefinition;
    }
}

export class LocalMachine extends Platform {
    override readonly isAtHome = false;
}

export function apiError(statusCode: number): Error {
    return Object.assign(new Error(`The platform answered ${statusCode}`), { statusCode });
}

export const datasetSchema = (fields: unknown): Dictionary => ({ actorSpecification: 1, fields, views: {} });
