const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The records of a feed, as they are: what is wrong with one of them is for the guard to find.
 * A feed is a JSON array, or an object that holds exactly one array.
 */
export function parseFeed(body: Buffer | string): unknown[] {
    const content = parseJson(body);
    if (Array.isArray(content)) return content;
    const arrays = typeof content === 'object' && content ? Object.values(content).filter(Array.isArray) : [];
    if (arrays.length === 1) return arrays[0] as unknown[];
    throw new TypeError(
        `A feed must be a JSON array, or an object that holds exactly one array; this one ${describe(content, arrays.length)}.`,
    );
}

function parseJson(body: Buffer | string): unknown {
    try {
        return JSON.parse(typeof body === 'string' ? body : utf8.decode(body));
    } catch (error) {
        throw new SyntaxError(`The feed is not JSON: ${(error as Error).message}`, { cause: error });
    }
}

function describe(content: unknown, arrays: number): string {
    if (typeof content !== 'object' || content === null)
        return `is ${content === null ? 'null' : `a ${typeof content}`}`;
    return arrays === 0 ? 'is an object without any' : `holds ${arrays} arrays`;
}
