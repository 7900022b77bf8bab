import { type Fault, isAlternatives } from './fault.js';

/** The types that the faults of one place want there, in the order in which the schema names them. */
export function typesIn(faults: readonly Fault[], path: string): readonly string[] {
    if (faults.length === 0) return [];
    const types = faults.flatMap((fault): readonly string[] => {
        const { error, parentSchema } = fault;
        if (error.instancePath !== path) return [];
        if (isAlternatives(fault)) return fault.below!.flatMap((branch) => typesIn(branch, path));
        const named = error.keyword === 'type' ? error.params?.type : parentSchema?.type;
        return withNullable(typeNames(named), parentSchema);
    });
    return types.length > 1 ? [...new Set(types)] : types;
}

/** The types that the schema of an object names for its property `name`; empty where it does not name them itself. */
export function typesOfProperty(parentSchema: Fault['parentSchema'], name: string): string[] {
    const properties: unknown = parentSchema?.properties;
    if (!isSchema(properties) || !Object.hasOwn(properties, name)) return [];
    const schema = properties[name];
    return isSchema(schema) ? withNullable(typeNames(schema.type), schema) : [];
}

/** Whether the fault says for certain that null would fail, too. */
export function excludesNull(fault: Fault): boolean {
    const { error } = fault;
    if (isAlternatives(fault)) {
        const path = error.instancePath;
        return fault.below!.every((branch) =>
            branch.some((inner) => inner.error.instancePath === path && excludesNull(inner)),
        );
    }
    if (error.keyword === 'enum') {
        const { allowedValues } = error.params ?? {};
        if (Array.isArray(allowedValues)) return !allowedValues.includes(null);
    }
    if (error.keyword === 'const' && error.params?.allowedValue !== undefined)
        return error.params.allowedValue !== null;
    const types = typesIn([fault], error.instancePath);
    return types.length > 0 && !types.includes('null');
}

/** Ajv names several types as an array; older texts of errors have them in one string. */
function typeNames(type: unknown): string[] {
    if (typeof type === 'string') return type.includes(',') ? type.split(',').map((name) => name.trim()) : [type];
    return Array.isArray(type) ? type.filter((name) => typeof name === 'string') : [];
}

function withNullable(types: string[], schema: Fault['parentSchema']): string[] {
    return types.length > 0 && schema?.nullable === true ? [...types, 'null'] : types;
}

function isSchema(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
