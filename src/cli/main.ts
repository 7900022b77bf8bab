#!/usr/bin/env node
import { Command, CommanderError } from 'commander';

import { DatasetGuardError } from '../errors.js';
import { libraryVersion } from '../report/version.js';
import { SourceError } from '../sources/source.js';
import { addCheck } from './check.js';
import { addInfer } from './infer.js';
import { addRedrive } from './redrive.js';
import { addReport } from './report.js';
import { addSuggest } from './suggest.js';
import { EXIT, EXIT_CODES_HELP, UsageError } from './exit-codes.js';
import { say } from './terminal.js';

// `| head` has seen enough.
for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EPIPE') process.exit();
        throw error;
    });
}

const program = new Command('apify-dataset-guard')
    .description('See what a dataset guard rejects and what it has rejected, bring it back, and make a schema for it.')
    .version(libraryVersion() ?? 'unbuilt')
    .showHelpAfterError('(--help tells more)')
    .addHelpText('after', EXIT_CODES_HELP)
    .exitOverride();
addCheck(program);
addReport(program);
addRedrive(program);
addInfer(program);
addSuggest(program);
for (const command of program.commands) command.copyInheritedSettings(program);

program.parseAsync().catch((error: unknown) => {
    process.exitCode = exitCodeOf(error);
});

/** Says what went wrong; only a defect is shown with its stack. */
function exitCodeOf(error: unknown): number {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    if (error instanceof UsageError || error instanceof SourceError) return complain(error, EXIT.usage);
    if (error instanceof DatasetGuardError) {
        const isUsage = error.code === 'INVALID_OPTIONS' || error.code === 'SCHEMA_LOAD';
        return complain(error, isUsage ? EXIT.usage : EXIT.failed);
    }
    if (isApiError(error)) return complain(error, isRefusal(error) ? EXIT.usage : EXIT.failed);
    say((error as Error | undefined)?.stack ?? String(error));
    return EXIT.failed;
}

function complain({ message }: Error, exitCode: number): number {
    say(`error: ${message}`);
    return exitCode;
}

function isApiError(error: unknown): error is Error & { statusCode?: number } {
    return error instanceof Error && (error.name === 'ApifyApiError' || 'code' in error);
}

/** The token, or what may be done with it, is not what it must be. */
function isRefusal({ statusCode }: { statusCode?: number }): boolean {
    return statusCode === 401 || statusCode === 403;
}
