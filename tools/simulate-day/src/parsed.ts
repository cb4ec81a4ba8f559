/** What a reader of input gives: the value, or one sentence per problem, ready to be shown. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly string[] };

/** The value, read well. */
export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** What is wrong with the input and what is allowed. */
export function unreadable<T>(...problems: string[]): Parsed<T> {
  return { ok: false, problems };
}
