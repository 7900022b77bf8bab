// Writes down what users can rely on: the exported names, the fields of exported interfaces, the values of exported unions, the methods
// of exported classes. `test/api-surface.test.ts` fails when that differs from `test/api-surface.json`.
// `node scripts/api-surface.mjs --write` records a change. After the first release, CHANGELOG.md must name, in backticks, all that came
// or went.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
export const RECORD = resolve(ROOT, 'test/api-surface.json');
const ENTRIES = { 'apify-dataset-guard': 'src/index.ts', 'apify-dataset-guard/testing': 'src/testing/index.ts' };

/** By entry point and exported name: its kind and its members. */
export function apiSurface() {
    return Object.fromEntries(Object.entries(ENTRIES).map(([entry, file]) => [entry, exportsOf(resolve(ROOT, file))]));
}

/** Lists new names (`+ name`) and removed ones (`- name`). */
export function changes(before, after) {
    const [old, now] = [flat(before), flat(after)];
    return [
        ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
        ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ];
}

function flat(surface) {
    return Object.entries(surface).flatMap(([entry, names]) =>
        Object.entries(names).flatMap(([name, members]) => [
            `${entry}: ${name}`,
            ...members.map((member) => `${entry}: ${name}.${member}`),
        ]),
    );
}

function exportsOf(file) {
    const text = readFileSync(file, 'utf8');
    const found = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)';/gm)].flatMap(([, names, from]) =>
        names
            .split(',')
            .map((name) => name.replace(/^\s*type\s/, '').trim())
            .filter((name) => name !== '')
            .map((name) => [name, membersOf(name, resolve(dirname(file), from.replace(/\.js$/, '.ts')))]),
    );
    return Object.fromEntries(found.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** The formatter keeps each declaration at the margin, and its members at four spaces. */
function membersOf(name, file) {
    const text = readFileSync(file, 'utf8');
    const body = new RegExp(`^export (?:abstract )?(?:interface|class) ${name}\\b[^;]*?\\{\\n(.*?)^\\}`, 'ms').exec(
        text,
    )?.[1];
    if (body !== undefined) {
        const members = [...inheritedBy(name, text, file), ...fieldsOf(body), ...parametersOf(body)];
        return [...new Set(members)].sort();
    }
    const union = new RegExp(`^export type ${name}\\b.*?;\\n`, 'ms').exec(text)?.[0] ?? '';
    const values = [...union.matchAll(/'([^'\n]+)'/g)].map(([, value]) => `'${value}'`);
    if (values.length > 0 || union !== '' || new RegExp(`^export (async )?function ${name}\\b`, 'm').test(text)) {
        return values.sort();
    }
    // It is handed on by that file.
    const from = new RegExp(`^(?:export|import) (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\} from '([^']+)'`, 'm').exec(
        text,
    )?.[1];
    if (from === undefined) throw new Error(`${file} does not declare ${name} in a way that this script can read.`);
    return membersOf(name, resolve(dirname(file), from.replace(/\.js$/, '.ts')));
}

/** Of interfaces of ours; those of packages are not ours to keep. */
function inheritedBy(name, text, file) {
    const parents = new RegExp(`^export interface ${name}\\b[^{]*? extends ([^{]*)\\{`, 'm').exec(text)?.[1] ?? '';
    const names = [...parents.replaceAll(/<[^>]*>/g, '').matchAll(/\w+/g)].map(([parent]) => parent);
    const areOurs = names.filter((parent) =>
        new RegExp(`\\b${parent}\\b[^;]*from '\\.|^(export )?interface ${parent}\\b`, 'm').test(text),
    );
    return areOurs.flatMap((parent) => membersOf(parent, file));
}

function fieldsOf(body) {
    const member =
        /^ {4}(?!private |protected |constructor\b|#)(?:static |async |override |readonly |declare |get |set )*(\w+|\[Symbol\.\w+\])(\??)(?=[<(:=]| =)/gm;
    return [...body.matchAll(member)].map(([, name, optional]) => `${name}${optional}`);
}

/** `constructor(readonly code: …)` declares fields, too. */
function parametersOf(body) {
    const parameters = /^ {4}constructor\((.*?)\) \{/ms.exec(body)?.[1] ?? '';
    return [...parameters.matchAll(/^ *readonly (\w+\??):/gm)].map(([, name]) => name);
}

function write() {
    const [before, after] = [JSON.parse(readFileSync(RECORD, 'utf8')), apiSurface()];
    const changelog = readFileSync(resolve(ROOT, 'CHANGELOG.md'), 'utf8');
    // Before the first release nobody relies on anything.
    const isReleased = /^## \[\d/m.test(changelog);
    const unmentioned = changes(before, after).filter((line) => {
        if (!isReleased) return false;
        const name = /[\w']+\??$/.exec(line)[0].replaceAll(/['?]/g, '');
        return !new RegExp(`\`[^\`\\n]*\\b${name}\\b[^\`\\n]*\``).test(changelog);
    });
    if (unmentioned.length > 0) {
        console.error(`CHANGELOG.md does not name, in backticks:\n${unmentioned.join('\n')}`);
        process.exit(1);
    }
    writeFileSync(RECORD, `${JSON.stringify(after, null, 4)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === '--write') write();
