/** The few calls of the Apify API that the probe makes: bare, so that answers are seen as they come. */
export class Api {
    #base;
    #token;

    constructor({ baseUrl, token }) {
        this.#base = `${baseUrl.replace(/\/+$/, '')}/v2`;
        this.#token = token;
    }

    /** Resolves to `{ status, headers, body }`; the body parsed where it is JSON. Never rejects for a status. */
    async call(method, path, body) {
        const response = await fetch(`${this.#base}/${path}`, {
            method,
            headers: {
                authorization: `Bearer ${this.#token}`,
                ...(body !== undefined && { 'content-type': 'application/json' }),
            },
            body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
        });
        const text = await response.text();
        let parsed = text;
        try {
            parsed = JSON.parse(text);
        } catch {
            // It is no JSON: a proxy's page, or nothing.
        }
        return { status: response.status, headers: response.headers, body: parsed };
    }

    async push(datasetId, items) {
        return this.call('POST', `datasets/${datasetId}/items`, items);
    }
}
