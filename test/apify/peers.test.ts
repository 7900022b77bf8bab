import { Actor } from 'apify';
import { describe, expect, it } from 'vitest';

import { findPeerProblems, versionProblems } from '../../src/apify/peers.js';

describe('the versions of the SDK', () => {
    it('are fine as they are installed here', () => {
        expect(findPeerProblems()).toEqual([]);
    });

    it.each(['3.7.0', '3.7.2', '3.10.1', undefined])('%s is supported, or unknown', (version) => {
        expect(versionProblems(version)).toEqual([]);
    });

    it.each(['3.6.0', '2.3.2', '4.0.0'])('%s is said to be unsupported, with what to run', (version) => {
        expect(versionProblems(version)).toEqual([
            `apify ${version} is installed, but apify-dataset-guard needs 3.7.0 or a newer 3.x. Run npm install apify@3.`,
        ]);
    });

    it('are read from what the SDK tells the API', () => {
        const { httpClient } = Actor.getDefaultInstance().apifyClient as unknown as {
            httpClient: { userAgentSuffix: string[] };
        };
        const { userAgentSuffix } = httpClient;
        httpClient.userAgentSuffix = ['SDK/3.5.3', 'Crawlee/3.18.1'];
        expect(findPeerProblems()).toEqual([expect.stringContaining('apify 3.5.3 is installed')]);
        httpClient.userAgentSuffix = userAgentSuffix;
    });
});
