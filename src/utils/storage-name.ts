/** Dataset and store names: letters, digits and hyphens, not at an end, at most 63. Source: the platform's storage guide. */
const MAX_NAME_LENGTH = 63;

/** Whether the platform takes it as the name of a storage. */
export function isStorageName(name: string): boolean {
    return name.length <= MAX_NAME_LENGTH && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i.test(name);
}

/** `<owner>-<actor>-quarantine` from `owner/actor`; without an owner where the Actor runs locally. */
export function quarantineName(actorName: string | undefined): string {
    return suffixed(actorName ?? 'actor', '-quarantine');
}

/** A storage name made of `base` and `suffix`, cut so that the suffix stays whole. */
export function suffixed(base: string, suffix: string): string {
    const cut = base.replace(/[^a-zA-Z0-9]+/g, '-').slice(0, MAX_NAME_LENGTH - suffix.length);
    return `${cut.replace(/^-+|-+$/g, '') || 'actor'}${suffix}`;
}
