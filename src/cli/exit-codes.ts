/** Exit codes of the commands. */
export const EXIT = {
    /** All is well. */
    fine: 0,
    /** An item fails, or not everything could be done. */
    failed: 1,
    /** The command could not begin: arguments, files, schema or token are not what they must be. */
    usage: 2,
    /** Stopped with Ctrl+C; what was begun is finished. */
    interrupted: 130,
} as const;

/** A mistake of the person at the terminal. It is shown without a stack trace. */
export class UsageError extends Error {
    override name = 'UsageError';
}

export const EXIT_CODES_HELP = `
Exit codes:
  0    all is well
  1    an item fails, or not everything could be done
  2    the command could not begin: arguments, files, schema or token
  130  stopped with Ctrl+C`;
