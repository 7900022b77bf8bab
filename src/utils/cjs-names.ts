/**
 * The names that a CommonJS module exports, after `await import(…)`. Node.js finds them on the module itself; ncc does not where
 * `module.exports` is a function, as Ajv's is, but finds that function, which has the names too, as `default`.
 */
export function namesOf<Module extends { default: unknown }>(module: Module): Module {
    return module.default as Module;
}
