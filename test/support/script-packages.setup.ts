import { makeScriptPackages } from './script-packages.js';

/** Before all tests: test files, which run side by side, find them made. */
export async function setup(): Promise<void> {
    await makeScriptPackages();
}
