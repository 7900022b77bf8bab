import { setTimeout as sleep } from 'node:timers/promises';

import { BAD_FORMATS, propertyOf } from './schema.mjs';

const GOOD = { n: 1 };
const BAD = { n: 'one' };

/** The questions, in this order. Each answers with one line, or several. */
export const QUESTIONS = [
    ['How is a request rejected?', askRejection],
    ['What does itemPosition count from?', askPositions],
    ['What do the paths start from?', askPaths],
    ['How is a single object rejected?', askSingle],
    ['Are all errors of an item named?', askAllErrors],
    ['How are unknown and missing properties named?', askProperties],
    ['Is anything of a rejected request stored?', askAtomic],
    ['What is an item that is no object?', askNoObject],
    ['Which formats are enforced?', askFormats],
    ['Are patterns compiled with the flag u?', askUnicode],
    ['How large may a request be?', askSize],
    ['How long do listings lag?', askLag],
];

const errorOf = ({ body }) => body?.error ?? {};
const invalidOf = (answer) => errorOf(answer).data?.invalidItems;
const brief = (value) => JSON.stringify(value)?.slice(0, 400) ?? 'nothing';

async function askRejection({ push }) {
    const answer = await push([GOOD, BAD]);
    const { type, message, data } = errorOf(answer);
    return [`${answer.status} ${type}: ${message}`, `data: ${brief(data)}`];
}

async function askPositions({ push }) {
    // Of five items the fourth fails: 3 counted from zero, 4 counted from one.
    const invalid = invalidOf(await push([GOOD, GOOD, GOOD, BAD, GOOD]));
    const positions = Array.isArray(invalid)
        ? invalid.map(({ itemPosition }) => itemPosition)
        : Object.keys(invalid ?? {});
    const from = { 3: 'from 0', 4: 'from 1' }[positions[0]] ?? 'unclear';
    return `${from} (the fourth of five items has ${brief(positions)})`;
}

async function askPaths({ push }) {
    const [error] = errorsOf(await push([GOOD, { n: 1, nested: { list: ['a', 7] } }]));
    if (error === undefined) return 'unclear: no error is named';
    const from = { '/1/nested/list/1': 'the array', '/nested/list/1': 'the item' }[error.instancePath] ?? 'unclear';
    return `${from} (instancePath ${brief(error.instancePath)}, schemaPath ${brief(error.schemaPath)})`;
}

async function askSingle({ push }) {
    const answer = await push(BAD);
    return `${answer.status} ${errorOf(answer).type}, invalidItems: ${brief(invalidOf(answer))}`;
}

async function askAllErrors({ push }) {
    const errors = errorsOf(await push([{ n: 'one', marker: 1, pad: 2 }]));
    return `${errors.length === 3 ? 'yes' : 'no'} (${errors.length} of 3 are named)`;
}

async function askProperties({ push }) {
    const errors = errorsOf(await push([{ unknown: true }]));
    return errors.map(({ keyword, instancePath, params }) => `${keyword} at ${brief(instancePath)}: ${brief(params)}`);
}

async function askAtomic({ push, list }) {
    const marker = `atomic-${Date.now()}`;
    await push([{ n: 1, marker }, BAD]);
    await sleep(3_000);
    const found = (await list(100)).items.some((item) => item.marker === marker);
    return found ? 'yes, the good items' : 'no (looked for 3 seconds after it)';
}

async function askNoObject({ push }) {
    const answers = await Promise.all([push([1]), push([null]), push([[]]), push([])]);
    return ['[1]', '[null]', '[[]]', '[]'].map((body, index) => {
        const { status } = answers[index];
        return `${body}: ${status} ${errorOf(answers[index]).type ?? ''}`.trim();
    });
}

async function askFormats({ push }) {
    const lines = [];
    for (const [format, value] of Object.entries(BAD_FORMATS)) {
        const { status } = await push([{ n: 1, [propertyOf(format)]: value }]);
        lines.push(`${format}: ${status === 400 ? 'enforced' : `not enforced (${status})`}`);
    }
    return lines;
}

async function askUnicode({ push }) {
    const [letter, text] = [await push([{ n: 1, letter: 'é' }]), await push([{ n: 1, letter: 'p{L}' }])];
    if (letter.status === 201 && text.status === 400) return 'yes';
    if (letter.status === 400 && text.status === 201) return 'no';
    return `unclear (a letter: ${letter.status}, the text p{L}: ${text.status})`;
}

async function askSize({ push, isLargeAllowed }) {
    if (!isLargeAllowed) return 'not asked (--no-large)';
    const lines = [];
    for (const bytes of [5_000_000, 5_000_001, 9_437_184, 9_437_185]) {
        const [head, tail] = ['[{"n":1,"pad":"', '"}]'];
        const answer = await push(head + 'x'.repeat(bytes - head.length - tail.length) + tail);
        const { type = '', message = '' } = errorOf(answer);
        lines.push(`${bytes.toLocaleString('en-US')} bytes: ${answer.status} ${type} ${message}`.trim());
    }
    return lines;
}

async function askLag({ push, list, countItems, stored }) {
    const marker = `lag-${Date.now()}`;
    await push([{ n: 1, marker }]);
    const storedAt = Date.now();
    const seen = {};
    const note = (name, isSeen) => {
        if (isSeen) seen[name] ??= Date.now() - storedAt;
    };
    while (Date.now() - storedAt < 60_000 && Object.keys(seen).length < 3) {
        const [{ items, total }, count] = [await list(1), await countItems()];
        note('the item in a listing', items[0]?.marker === marker);
        note('total of a listing', total >= stored.items);
        note('itemCount of the dataset', count >= stored.items);
        await sleep(100);
    }
    return ['the item in a listing', 'total of a listing', 'itemCount of the dataset'].map(
        (name) =>
            `${name}: ${seen[name] === undefined ? 'not within 60 s' : `${seen[name]} ms after the push was answered`}`,
    );
}

function errorsOf(answer) {
    const invalid = invalidOf(answer);
    return Array.isArray(invalid) ? invalid.flatMap(({ validationErrors }) => validationErrors ?? []) : [];
}
