/**
 * Stands for the commands that pages tell the reader to type. What runs the guard, the reader's program or the command line is
 * run; what would install, download or build for minutes is only checked: the packages, scripts and files that it names exist.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const { REPOSITORY } = process.env;
const [command, ...args] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));

/** Packages that a reader needs and the repository does not. */
const READERS_OWN = ['tsx', 'typescript', 'apify-dataset-guard', 'apify-cli', 'vitest', 'esbuild', '@types/node'];
const KNOWN_PACKAGES = new Set([
    ...READERS_OWN,
    ...Object.keys({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies }),
]);
const BUILT_IN = ['ci', 'install', 'i', 'pack', 'init', 'pkg', 'uninstall'];

function fail(message) {
    console.error(message);
    process.exit(2);
}

function runNode(...nodeArgs) {
    process.exit(spawnSync(process.execPath, nodeArgs, { stdio: 'inherit' }).status ?? 1);
}

function npm([verb, ...rest]) {
    if (BUILT_IN.includes(verb)) {
        const names = verb === 'install' || verb === 'i' ? rest.filter((word) => !word.startsWith('-')) : [];
        for (const name of names) {
            const isFile = name.endsWith('.tgz');
            if (!isFile && !KNOWN_PACKAGES.has(name.replace(/(?<=.)@.*$/, '')))
                fail(`npm install ${name}: unknown package`);
        }
        return;
    }
    const script = verb === 'run' ? rest.find((word) => !word.startsWith('-')) : verb;
    const own = existsSync('package.json') ? JSON.parse(readFileSync('package.json', 'utf8')).scripts : {};
    if (!(script in { ...manifest.scripts, ...own })) fail(`npm ${verb} ${rest.join(' ')}: there is no such script`);
}

function npx([name, ...rest]) {
    if (name === 'tsc') return;
    if (name === 'apify') return apify(rest);
    if (name !== 'vitest') fail(`npx ${name}: unknown command`);
    if (existsSync(rest.at(-1))) runNode(join(REPOSITORY, 'node_modules/vitest/vitest.mjs'), ...rest);
    for (const path of rest.filter((word) => word.startsWith('test/'))) existsInRepository(path);
}

function node([file, ...rest]) {
    if (file === undefined || file.startsWith('-') || existsSync(file)) runNode(...(file ? [file, ...rest] : []));
    existsInRepository(file);
}

function apify([verb]) {
    if (!['run', 'push', 'login', 'create', 'init'].includes(verb)) fail(`apify ${verb}: unknown command`);
}

function existsInRepository(path) {
    if (!existsSync(join(REPOSITORY, path))) fail(`${path}: there is no such file`);
}

({ npm, npx, node, apify, git: () => undefined })[command](args);
