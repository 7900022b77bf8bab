/** How a class sees those of its fields that are `readonly` to everybody else. */
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
