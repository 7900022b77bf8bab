import { describe, expect, it } from 'vitest';

import { CallbackErrors } from '../../src/report/callback-errors.js';

function collecting() {
    const lines: string[] = [];
    const add = (message: string) => void lines.push(message);
    return { lines, errors: new CallbackErrors({ debug: add, info: add, warning: add, error: add }) };
}

function thrownBy(work: () => unknown): unknown {
    try {
        return work();
    } catch (error) {
        return error;
    }
}

describe('errors of the functions that are options', () => {
    it('are logged with their message, their place in the code and what becomes of the item, once', () => {
        const { lines, errors } = collecting();
        for (let n = 0; n < 3; n++)
            errors.add('repair', new RangeError('no price\n\u001b[31m'), 'The item is quarantined as it is');
        errors.summarize();
        expect(lines).toEqual([
            expect.stringMatching(
                /^The option "repair" failed: RangeError: no price\\n\\u001b\[31m at test\/report\/callback-errors\.test\.ts:\d+:\d+\. The item is quarantined as it is\. /,
            ),
            'The option "repair" failed 3 times in all.',
        ]);
    });

    it.each([
        ['text', 'oops', 'it threw oops'],
        ['what cannot be shown', Object.create(null), 'it threw what cannot be shown'],
        ['a secret', new Error('GET https://joe:secret@host/?token=abc'), 'Error: GET https://host/?token=***'],
        [
            'what an engine quotes of broken JSON',
            thrownBy(() => JSON.parse('joe@example.com')),
            'SyntaxError: a text is not valid JSON at',
        ],
    ])('may be %s', (_what, error, words) => {
        const { lines, errors } = collecting();
        errors.add('redact', error);
        expect(lines[0]).toContain(`The option "redact" failed: ${words}`);
        expect(lines[0]).not.toMatch(/joe|abc/);
    });
});
