import { Actor, Dataset } from 'apify';

import { CrawleeDataset } from './crawlee-core.js';

const OLDEST_APIFY = '3.7.0';
const MAJOR = '3';

/** Names the problems of the installed SDK, in sentences; empty where there are no problems. npm says it only while it installs. */
export function findPeerProblems(): string[] {
    const isOneCopy = (Dataset as unknown) === CrawleeDataset;
    return [...versionProblems(installedApifyVersion()), ...(isOneCopy ? [] : [TWO_COPIES])];
}

const TWO_COPIES =
    "Two copies of @crawlee/core are installed, and the guard has found the one that is not the SDK's: it cannot stop a crawler, " +
    'nor see what an adaptive crawler tries out. Run npm ls @crawlee/core, and bring apify and crawlee to versions that share one.';

/** For a version of `apify`; nothing where it is unknown. */
export function versionProblems(version: string | undefined): string[] {
    if (version === undefined || isSupported(version)) return [];
    return [
        `apify ${version} is installed, but apify-dataset-guard needs ${OLDEST_APIFY} or a newer 3.x. Run npm install apify@${MAJOR}.`,
    ];
}

function isSupported(version: string): boolean {
    const [major, minor] = version.split('.');
    const [, oldestMinor] = OLDEST_APIFY.split('.');
    return major === MAJOR && Number(minor) >= Number(oldestMinor);
}

/** The SDK tells the API its version. Its `package.json` is out of reach once an Actor is bundled. */
function installedApifyVersion(): string | undefined {
    const { httpClient } = Actor.getDefaultInstance().apifyClient as unknown as {
        httpClient?: { userAgentSuffix?: unknown };
    };
    return /\bSDK\/(\d+\.\d+\.\d+)/.exec(String(httpClient?.userAgentSuffix))?.[1];
}
