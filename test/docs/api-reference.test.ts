import { join } from 'node:path';

import { expect, it } from 'vitest';

import { REPOSITORY, run } from '../actor/support/actor-run.js';

it('the API reference has a text for each exported name, property and method', { timeout: 300_000 }, async () => {
    const folder = join(REPOSITORY, 'scripts/api-reference');
    const typedoc = join(folder, 'node_modules/typedoc/bin/typedoc');
    // Warnings are errors there, and one without documentation is a warning.
    const { exitCode, output } = await run(process.execPath, [typedoc, '--emit', 'none'], folder);
    expect(exitCode, output).toBe(0);
});
