// Loads packages from the bundle beside this file, with V8's code cache where it was made.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';

const file = fileURLToPath(new URL('packages.cjs', import.meta.url));
const require = createRequire(file);

export const bundle = new vm.Script(
    `(function (exports, require, __filename, __dirname, importForUser) {${readFileSync(file, 'latin1')}\n})`,
    // By an address, as modules are: the SDK's library for checks of arguments reads the whole file of its caller if it has a path.
    { filename: pathToFileURL(file).href, cachedData: readCache() },
);
const packages = {};
bundle.runInThisContext()(packages, require, file, fileURLToPath(new URL('.', import.meta.url)), (url) => import(url));

/** The exports of the package. */
export function load(name) {
    return packages[name]();
}

function readCache() {
    try {
        return readFileSync(`${file}.cache`);
    } catch {
        return undefined;
    }
}
