/** A command line of a `console` block, and what it prints. */
export interface Command {
    line: string;
    output: string;
}

/** A line that begins with `$ ` is typed; a backslash at its end goes on with it. */
export function commandsOf(code: string): Command[] {
    const [before, ...parts] = code.split(/^\$ /m);
    if (before !== '') throw new Error(`a transcript begins with "$ ", not with: ${before}`);
    return parts.map((part) => {
        const [, line, output] = /^((?:.*\\\n)*.*)\n?([^]*)$/.exec(part)!;
        return { line: line!, output: output!.trimEnd() };
    });
}

/** `…` stands for any text of one line, or alone on a line for any lines. */
export function toPattern(output: string): RegExp {
    const lines = output.split('\n').map((line) => {
        if (line.trim() === '…') return '(?:.*\n)*?';
        return `${toLinePattern(line).source} *\n`;
    });
    return new RegExp(`^${lines.join('')}$`);
}

export function toLinePattern(line: string): RegExp {
    return new RegExp(line.split('…').map(escapeRegExp).join('.*'));
}

/** The files and folders of a tree whose levels are indented; what follows two spaces describes them. */
export function treePaths(code: string): string[] {
    const parents: { indent: number; path: string }[] = [];
    return code
        .trimEnd()
        .split('\n')
        .flatMap((line) => {
            const indent = line.search(/\S/);
            const names = line
                .trim()
                .split(/ {2,}/)
                .filter((word) => /^[\w.-]+(?:\/[\w.-]+)*(?:\/|\.\w+)$/.test(word));
            while (parents.length > 0 && parents.at(-1)!.indent >= indent) parents.pop();
            const parent = parents.at(-1)?.path ?? '';
            const paths = names.map((name) => parent + name);
            if (paths[0]?.endsWith('/')) parents.push({ indent, path: paths[0] });
            return paths;
        });
}

/** The output that a program announces in comments: `console.log(…); // this`. */
export function promisedOutput(code: string): string[] {
    return [...code.matchAll(/^\s*console\.log\(.*\);? \/\/ (.*)$/gm)].map(([, text]) => text!);
}

function escapeRegExp(text: string): string {
    return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}
