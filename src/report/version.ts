import { createRequire } from 'node:module';

/** This library's version; `undefined` where it was bundled away from its `package.json`. */
export function libraryVersion(): string | undefined {
    try {
        const { name, version } = createRequire(import.meta.url)('../../package.json') as Record<string, string>;
        return name === 'apify-dataset-guard' ? version : undefined;
    } catch {
        return undefined;
    }
}
