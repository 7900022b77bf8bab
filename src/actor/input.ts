/** The Actor's input; `.actor/input_schema.json` describes it to people. */
export interface Input {
    startUrls: FeedSource[];
    /** Name or id of a quarantine whose items are brought back. */
    quarantine?: string;
}

/** One entry of the start URLs: a feed, or a list of feeds as the Console's editor makes it of an uploaded file. */
export type FeedSource = { url: string } | { requestsFromUrl: string };

/**
 * Checks what `Actor.getInput()` gave and fills in the defaults. The platform has checked it against the schema, but
 * a file in the local storage has been checked by nobody.
 */
export function parseInput(raw: unknown): Input {
    if (raw === null || raw === undefined) return { startUrls: [] };
    if (typeof raw !== 'object' || Array.isArray(raw)) {
        throw new TypeError('The input must be a JSON object, such as { "startUrls": [] }.');
    }
    const { startUrls, quarantine } = raw as { startUrls?: unknown; quarantine?: unknown };
    return { startUrls: parseSources(startUrls), ...parseQuarantine(quarantine) };
}

/** The Console leaves a field that nobody filled in empty. */
function parseQuarantine(quarantine: unknown): Pick<Input, 'quarantine'> {
    if (quarantine === null || quarantine === undefined || quarantine === '') return {};
    if (typeof quarantine === 'string') return { quarantine };
    throw new TypeError('Input field "quarantine" must be the name or id of a dataset.');
}

function parseSources(startUrls: unknown): FeedSource[] {
    if (startUrls === null || startUrls === undefined) return [];
    if (!Array.isArray(startUrls)) {
        throw new TypeError(
            'Input field "startUrls" must be an array, such as [{ "url": "https://example.com/feed.json" }].',
        );
    }
    return startUrls.map(parseSource);
}

function parseSource(source: unknown, position: number): FeedSource {
    const entry = (typeof source === 'string' ? { url: source } : source) as Partial<Record<string, unknown>> | null;
    for (const key of ['url', 'requestsFromUrl'] as const) {
        const address = entry?.[key];
        if (typeof address === 'string' && isHttpUrl(address)) return { ...entry, [key]: address } as FeedSource;
    }
    throw new TypeError(`Input field "startUrls[${position}]" must hold an http or https address under "url".`);
}

function isHttpUrl(address: string): boolean {
    return URL.canParse(address) && ['http:', 'https:'].includes(new URL(address).protocol);
}
