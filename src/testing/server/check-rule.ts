import type { Fault, FaultRule } from './faults.js';

type Check = readonly [expected: string, isValid: (value: unknown) => boolean];

const isText: Check = ['text', (value) => typeof value === 'string'];
const isBoolean: Check = ['true or false', (value) => typeof value === 'boolean'];

const RULE: Readonly<Record<keyof FaultRule, Check>> = {
    on: ["'push'", (value) => value === 'push'],
    method: ["'GET', 'POST', 'PUT' or 'DELETE'", (value) => ['GET', 'POST', 'PUT', 'DELETE'].includes(value as string)],
    path: [
        'a part of the path, or a regular expression',
        (value) => (typeof value === 'string' && value !== '') || value instanceof RegExp,
    ],
    skip: ['an integer of 0 or more', (value) => isIntegerFrom(0, value)],
    times: ['an integer of 1 or more, or Infinity', (value) => value === Infinity || isIntegerFrom(1, value)],
    fault: ['an object such as { status: 503 }', isObject],
};

const FAULT: Readonly<Record<keyof Fault, Check>> = {
    when: ["'before' or 'after'", (value) => value === 'before' || value === 'after'],
    givenUp: isBoolean,
    delayMillis: ['a number of milliseconds, 0 or more', (value) => typeof value === 'number' && value >= 0],
    until: ['a promise', (value) => typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'],
    status: ['the status of an answer, 200 to 599', (value) => isIntegerFrom(200, value) && (value as number) < 600],
    type: isText,
    message: isText,
    data: ['a JSON value', () => true],
    body: isText,
    cut: isBoolean,
    hang: isBoolean,
};

/** These say what an answer is like, and need its status. */
const OF_AN_ANSWER = ['type', 'message', 'data', 'body'] as const;

/**
 * What is wrong with a rule: `path` names the part (`.fault.status`), and `problem` is the rest of a sentence. A rule that never
 * strikes, or whose fault does nothing, would let a test pass without its fault.
 */
export function findMistake(rule: unknown): { path: string; problem: string } | undefined {
    if (!isObject(rule)) return mistake('', 'an object such as { fault: { status: 503 } }', rule);
    const { fault } = rule;
    if (fault === undefined) return mistake('.fault', RULE.fault[0], fault);
    return mistakeIn(rule, RULE, '') ?? mistakeIn(fault as object, FAULT, '.fault') ?? withoutEffect(fault as Fault);
}

function withoutEffect(fault: Fault): { path: string; problem: string } | undefined {
    const { status, cut, hang, givenUp, delayMillis, until } = fault;
    if (status !== undefined) return undefined;
    if (OF_AN_ANSWER.some((key) => fault[key] !== undefined)) return mistake('.fault.status', FAULT.status[0], status);
    const hasEffect = cut || hang || givenUp || delayMillis !== undefined || until !== undefined;
    return hasEffect
        ? undefined
        : mistake('.fault', 'one that does something: status, cut, hang or delayMillis', fault);
}

function mistakeIn(value: object, checks: Readonly<Record<string, Check>>, path: string) {
    for (const [key, entry] of Object.entries(value)) {
        const at = `${path}.${key}`;
        if (!Object.hasOwn(checks, key)) {
            return { path: at, problem: `is not known. Expected one of: ${Object.keys(checks).join(', ')}` };
        }
        const [expected, isValid] = checks[key]!;
        if (entry !== undefined && !isValid(entry)) return mistake(at, expected, entry);
    }
    return undefined;
}

function mistake(path: string, expected: string, value: unknown): { path: string; problem: string } {
    const got = typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value));
    return { path, problem: `must be ${expected}, but got: ${got.slice(0, 100)}` };
}

function isIntegerFrom(min: number, value: unknown): boolean {
    return Number.isInteger(value) && (value as number) >= min;
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
