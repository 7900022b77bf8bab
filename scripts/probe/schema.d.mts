export const PROBE_SCHEMA: { actorSpecification: 1; fields: Record<string, any> };
