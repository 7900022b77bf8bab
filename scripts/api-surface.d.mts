type Surface = Record<string, Record<string, string[]>>;
export const RECORD: string;
export function apiSurface(): Surface;
export function changes(before: Surface, after: Surface): string[];
