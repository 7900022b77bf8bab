import { describe, expect, it } from 'vitest';

import { oneLine, visible, wrapLines } from '../../src/cli/terminal.js';
import { runCli, temporaryFolder } from './support/cli.js';

describe('the help of a command', { timeout: 60_000 }, () => {
    it.each(['check', 'report', 'redrive'])('%s wraps between words, at 80 columns', async (command) => {
        const { exitCode, stdout } = await runCli([command, '--help'], { cwd: await temporaryFolder() });
        expect(exitCode).toBe(0);
        const lines = stdout.split('\n');
        expect(lines.filter((line) => line.length > 80)).toEqual([]);
        // A line that is wrapped twice leaves a few words alone between two full ones.
        const paragraph = lines.slice(
            lines.indexOf('') + 1,
            lines.findIndex((line) => /^(Arguments|<source> is one)/.test(line)),
        );
        for (const [index, line] of paragraph.entries()) {
            if (line !== '' && paragraph[index + 1]) expect(line.length).toBeGreaterThan(55);
        }
    });
});

describe('text for a terminal', () => {
    it('is wrapped between words, and goes on at the indentation of its line', () => {
        expect(wrapLines('    1  /title must be a number or text or null\nshort', 26)).toBe(
            '    1  /title must be a\n       number or text or\n       null\nshort',
        );
        expect(wrapLines('        for example: "one", "two", "three"', 26)).toBe(
            '        for example:\n        "one", "two",\n        "three"',
        );
    });

    it('is not indented after a sentence that begins with a number', () => {
        expect(wrapLines('29 of 100 items fail in items.jsonl.', 26)).toBe('29 of 100 items fail in\nitems.jsonl.');
    });

    it('keeps a word that is longer than the line, and text for a width that is not known', () => {
        const address = `see https://example.com/${'long/'.repeat(10)}`;
        expect(wrapLines(address, 30)).toBe(address.replace(' ', '\n'));
        expect(wrapLines('a b c', 0)).toBe('a b c');
        expect(wrapLines('a b c', undefined as never)).toBe('a b c');
    });

    it('counts no escape sequences of colours', () => {
        const green = '\u001b[32mAll 3 items pass\u001b[39m in x';
        expect(wrapLines(green, 21)).toBe(green);
    });

    it('has no effect', () => {
        expect(visible('a\n\u001b[2J')).toBe('a\n\\u001b[2J');
        expect(oneLine('a\n\u001b[2J')).toBe('a\\n\\u001b[2J');
    });
});
