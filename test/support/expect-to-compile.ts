/** The compiler is the test: the code is not run. */
export function expectToCompile(_code: () => unknown): void {}
