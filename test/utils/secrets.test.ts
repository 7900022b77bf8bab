import { describe, expect, it } from 'vitest';

import { createSecretRemover, readOwnSecrets } from '../../src/utils/secrets.js';

const TOKEN = 'apify_api_AbCdEf0123456789AbCdEf0123456789';

describe('a secret remover', () => {
    it.each([
        ['a user and a password', 'https://joe:secret@host/a?b=1', 'https://host/a?b=1'],
        ['a password that holds an @', 'https://joe:p@ss@host/', 'https://host/'],
        ['a password that holds an apostrophe', "https://joe:it's-s3cret@host/", 'https://host/'],
        ['a password that was cut off', 'https://joe:s3cr…', 'https://***…'],
        [
            'credentials of an address in an address',
            '?next=https%3A%2F%2Fjoe%3Apw%40host%2F',
            '?next=https%3A%2F%2Fhost%2F',
        ],
        ['a token of an address in an address', '?next=a%2F%3Ftoken%3Dabc&b=1', '?next=a%2F%3Ftoken%3D***&b=1'],
        ['a token of OAuth', 'https://host/?oauth_token=abc', 'https://host/?oauth_token=***'],
        [
            'a token of a storage',
            'https://host/?X-Amz-Security-Token=abc&b=1',
            'https://host/?X-Amz-Security-Token=***&b=1',
        ],
        ['a key with a prefix', 'https://host/?x-api-key=abc', 'https://host/?x-api-key=***'],
        ['a secret key', 'https://host/?secret_key=abc', 'https://host/?secret_key=***'],
        ['a key of a subscription', 'https://host/?subscription-key=abc', 'https://host/?subscription-key=***'],
        [
            'a password by its short names',
            'https://host/?pwd=abc&pass=abc&jwt=abc',
            'https://host/?pwd=***&pass=***&jwt=***',
        ],
        ['one of several tokens', 'https://host/?token[]=abc', 'https://host/?token[]=***'],
        ['a token that was cut off', 'see apify_api_AbCd…', 'see ***…'],
        ['a header that was cut off', 'Authorization: Bearer abc…', 'Authorization: Bearer ***…'],
        ['a password alone', 'see http://:secret@proxy.apify.com:8000.', 'see http://proxy.apify.com:8000.'],
        [
            'a token of the API',
            'https://api.apify.com/v2/x?token=abc&limit=5',
            'https://api.apify.com/v2/x?token=***&limit=5',
        ],
        ['an access token in a fragment', 'https://host/#access_token=abc', 'https://host/#access_token=***'],
        ['an API key', 'GET https://host/?a=1&api_key=abc failed', 'GET https://host/?a=1&api_key=*** failed'],
        ['a header', 'Authorization: Bearer abc.def-ghi', 'Authorization: Bearer ***'],
        ['a token without any context', `failed for ${TOKEN}!`, 'failed for ***!'],
    ])('removes %s', (_what, text, cleaned) => {
        expect(createSecretRemover()(text)).toBe(cleaned);
    });

    it.each([
        'https://example.com/products/1?page=2#reviews',
        'joe@example.com',
        'https://example.com/@joe/posts',
        'https://example.com:80…',
        'https://example.com/?sort_key=price&monkey=1&passage=2&keys=3',
        'https://api.apify.com/v2/key-value-stores/x/records/DATASET-GUARD-REPORT-HTML?signature=abc',
        'must match the pattern ^token$',
    ])('leaves %s as it is', (text) => {
        expect(createSecretRemover()(text)).toBe(text);
    });

    it("removes the run's own token and proxy password wherever they occur, in any encoding of a URL", () => {
        const remove = createSecretRemover(
            readOwnSecrets({ APIFY_TOKEN: 'pass word/1', APIFY_PROXY_PASSWORD: 'proxy-pass' }),
        );
        expect(remove('<pass word/1> x=pass%20word%2F1 proxy-passproxy-pass')).toBe('<***> x=*** ******');
    });

    it("removes the beginning of the run's own token where a text is cut off within it", () => {
        const remove = createSecretRemover(readOwnSecrets({ APIFY_TOKEN: 'a.b(c)+secret' }));
        expect(remove('"xx a.b(c)+s…" and a.b(c)… and a.b…')).toBe('"xx ***…" and ***… and a.b…');
    });

    it('does not look for a secret so short that it would occur by chance', () => {
        expect(createSecretRemover(['a', 'abc'])('abacus')).toBe('abacus');
    });

    it('takes time in proportion to the length of a hostile text', () => {
        const remove = createSecretRemover();
        for (const text of [
            'a.',
            'a://',
            '?token=',
            'bearer ',
            '@',
            'http://a:',
            'a%3A%2F%2F',
            '?a-',
            'a://b:…',
            '%3F',
        ]) {
            const long = text.repeat(200_000);
            expect(remove(long).length).toBeLessThanOrEqual(long.length + 800_000);
        }
    });
});
