// Walks through the Dockerfile without Docker: each stage becomes an empty folder outside the repository, COPY copies
// what .dockerignore lets through, RUN and CMD run as they are written. Then it looks at what the Actor left behind.
// The steps are read from the Dockerfile, so the two cannot drift apart; what this script does not know is an error.
//
//     node scripts/docker-steps.mjs [--keep]      --keep leaves the folders in place

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const context = fileURLToPath(new URL('..', import.meta.url));
/** The working directory of the base image. */
const IMAGE_FOLDER = '/usr/src/app';
/** Variables that the base image sets. A version manager's npm_* variables stay out: they could make a step pass here alone. */
const IMAGE_ENV = { NODE_ENV: 'production' };
const PASSED_ON =
    /^(PATH|LANG|TMPDIR|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|https?_proxy|no_proxy|npm_config_(registry|cafile|cache|userconfig))$/i;

const root = mkdtempSync(join(tmpdir(), 'docker-steps-'));
const home = join(root, 'home');
const stages = [];

try {
    mkdirSync(home);
    const isIgnored = readIgnoreFile(join(context, '.dockerignore'));
    for (const { instruction, rest, line } of readDockerfile(join(context, 'Dockerfile'))) {
        console.log(`\n[${stages.at(-1)?.name ?? '-'}] ${instruction} ${rest}`);
        step(instruction, rest, line, isIgnored);
    }
    const { folder, command } = stages.at(-1) ?? fail('The Dockerfile has no stage.');
    if (!command) fail('The last stage has no CMD.');
    run(command, folder);
    inspect(folder);
    console.log('\nThe steps of the Dockerfile hold.');
} finally {
    if (process.argv.includes('--keep')) console.log(`Kept: ${root}`);
    else rmSync(root, { recursive: true, force: true });
}

function step(instruction, rest, line, isIgnored) {
    const stage = stages.at(-1);
    if (instruction === 'FROM') {
        const [, name = `stage${stages.length}`] =
            /^\S+(?:\s+AS\s+(\S+))?$/i.exec(rest) ?? fail(`line ${line}: FROM ${rest}`);
        const folder = join(root, name);
        mkdirSync(folder);
        stages.push({ name, folder });
    } else if (!stage) fail(`line ${line}: ${instruction} before FROM`);
    else if (instruction === 'COPY') copy(rest, stage.folder, line, isIgnored);
    else if (instruction === 'RUN') run(rest, stage.folder);
    else if (instruction === 'CMD') stage.command = rest;
    else fail(`line ${line}: this script does not know ${instruction}`);
}

function copy(rest, folder, line, isIgnored) {
    const words = rest.split(/\s+/);
    const flags = words.filter((word) => word.startsWith('--'));
    const paths = words.filter((word) => !word.startsWith('--'));
    const unknown = flags.find((flag) => !/^--(chown|from)=/.test(flag));
    if (unknown || paths.length < 2) fail(`line ${line}: COPY ${rest}`);
    const from = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length);
    const stage = from && (stages.find(({ name }) => name === from) ?? fail(`line ${line}: no stage "${from}"`));
    const target = paths.pop();
    for (const path of paths) {
        const source = stage ? inStage(stage.folder, path) : join(context, path);
        const base = stage ? stage.folder : context;
        const matches = expand(source);
        if (matches.length === 0) fail(`line ${line}: COPY finds no ${path}`);
        for (const match of matches) {
            const isFolder = statSync(match).isDirectory();
            const to = inStage(folder, target);
            // As Docker does: the contents of a folder, and a file under its name if the target ends with a slash.
            const destination = isFolder || !target.endsWith('/') ? to : join(to, basename(match));
            cpSync(match, destination, {
                recursive: true,
                filter: (file) => Boolean(stage) || !isIgnored(resolve(file).slice(resolve(base).length + 1)),
            });
            if (!existsSync(destination)) fail(`line ${line}: .dockerignore keeps ${path} out`);
        }
    }
}

function inStage(folder, path) {
    if (path.startsWith(IMAGE_FOLDER)) return join(folder, path.slice(IMAGE_FOLDER.length));
    return path.startsWith('/') ? fail(`${path} is outside ${IMAGE_FOLDER}`) : join(folder, path);
}

/** Wildcards in the last part of a path: all that COPY lines of such Dockerfiles use. */
function expand(path) {
    if (!path.includes('*')) return existsSync(path) ? [path] : [];
    const folder = resolve(path, '..');
    const pattern = globToRegExp(basename(path));
    return readdirSync(folder)
        .filter((name) => pattern.test(name))
        .map((name) => join(folder, name));
}

function run(command, cwd) {
    const passedOn = Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.test(name)));
    const env = { ...passedOn, ...npmSettings(), ...IMAGE_ENV, HOME: home };
    const { status, signal, error } = spawnSync('sh', ['-c', command], {
        cwd,
        env,
        stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (error) throw error;
    if (status !== 0) fail(`"${command}" ended with ${signal ?? `exit code ${status}`}`);
}

/** The home folder is an empty one; where packages come from and where npm caches them stays as on this machine. */
function npmSettings() {
    const userconfig = process.env.npm_config_userconfig ?? join(process.env.HOME ?? '', '.npmrc');
    const cache = process.env.npm_config_cache ?? join(process.env.HOME ?? '', '.npm');
    return { npm_config_cache: cache, ...(existsSync(userconfig) && { npm_config_userconfig: userconfig }) };
}

/** Every movie must be in the dataset or in the quarantine: exit code 0 alone could mean that nothing was loaded. */
function inspect(folder) {
    const expected = JSON.parse(readFileSync(join(folder, 'dist/actor/movies.json'), 'utf8')).length;
    const datasets = join(folder, 'storage/datasets');
    const items = (name) => readdirSync(join(datasets, name)).filter((file) => /^\d+\.json$/.test(file)).length;
    const [quarantine, ...others] = readdirSync(datasets).filter((name) => name !== 'default');
    if (!quarantine || others.length > 0) fail(`One quarantine expected, found: ${[quarantine, ...others].join(', ')}`);
    const stored = items('default');
    const quarantined = items(quarantine);
    console.log(`\nStored ${stored}, quarantined ${quarantined}, expected together ${expected}.`);
    if (stored === 0 || quarantined === 0 || stored + quarantined !== expected) fail('Items are missing.');
    for (const name of ['typescript', 'vega-datasets']) {
        if (existsSync(join(folder, 'node_modules', name))) fail(`${name} is in the production install.`);
    }
}

function readDockerfile(file) {
    const steps = [];
    let open;
    for (const [index, text] of readFileSync(file, 'utf8').split('\n').entries()) {
        if (/^\s*(#|$)/.test(text)) continue;
        const continues = /\\\s*$/.test(text);
        const part = text.replace(/\\\s*$/, '').trim();
        if (open) open.text += ` ${part}`;
        else open = { text: part, line: index + 1 };
        if (continues) continue;
        const [, instruction, rest] = /^(\S+)\s+(.*)$/s.exec(open.text) ?? fail(`line ${open.line}: ${open.text}`);
        steps.push({ instruction: instruction.toUpperCase(), rest, line: open.line });
        open = undefined;
    }
    return steps;
}

function readIgnoreFile(file) {
    const patterns = readFileSync(file, 'utf8')
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line && !line.startsWith('#'));
    const exception = patterns.find((pattern) => pattern.startsWith('!'));
    if (exception) fail(`.dockerignore: this script does not know exceptions such as ${exception}`);
    const expressions = patterns.map((pattern) => globToRegExp(pattern.replace(/^\/|\/$/g, '')));
    return (path) => expressions.some((expression) => expression.test(path));
}

function globToRegExp(glob) {
    const source = glob
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replace(/\*\*\/?|\*|\?/g, (wildcard) => ({ '*': '[^/]*', '?': '[^/]' })[wildcard] ?? '.*');
    return new RegExp(`^${source}$`);
}

function fail(message) {
    throw new Error(message);
}
