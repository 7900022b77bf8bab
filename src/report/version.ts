/** The version in `package.json`, which the build puts here: a bundler takes the library away from that file. */
declare const LIBRARY_VERSION: string | undefined;

/** This library's version; `undefined` where its sources run unbuilt. */
export function libraryVersion(): string | undefined {
    return typeof LIBRARY_VERSION === 'string' ? LIBRARY_VERSION : undefined;
}
