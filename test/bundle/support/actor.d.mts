export const FIELDS: { type: 'object'; properties: Record<string, object> };
export const INPUT: { good: { title: string }[]; bad: object[] };
export const LAST_ITEM: { title: string };
export function actorSource(library: string): string;
