/**
 * The program of the child process that makes the requests of `requestSync`. It is text, not a function or a file: bundlers move
 * files, and compilers, minifiers and coverage tools change what a function's text says. It uses globals only.
 *
 * Its time counts from its own start, as `process.uptime()` does. It waits until each line has left it, so that the
 * parent has the line also when the child is killed next.
 */
export const CHILD_SOURCE = `
'use strict';
const write = (message) => new Promise((resolve) => process.stdout.write(JSON.stringify(message) + '\\n', resolve));
const readInput = async () => {
    const chunks = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    return Buffer.concat(chunks);
};
const answer = async ({ method, url, headers }, body, maxMillis) => {
    const response = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(maxMillis) });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
};
const run = async () => {
    await write({ started: true });
    const input = await readInput();
    let offset = input.indexOf('\\n') + 1;
    const { requests, maxMillis } = JSON.parse(input.toString('utf8', 0, offset));
    for (const [index, request] of requests.entries()) {
        const left = Math.floor(maxMillis - process.uptime() * 1000);
        if (left < 1) break;
        const body = request.length === undefined ? undefined : input.subarray(offset, offset + request.length);
        offset += request.length ?? 0;
        try {
            await write({ index, response: await answer(request, body, left) });
        } catch {
            // No answer: the next request may have one.
        }
    }
};
// Open connections would keep the process alive.
run().then(() => process.exit(0), () => process.exit(1));
`;
