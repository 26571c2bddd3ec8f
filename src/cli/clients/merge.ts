/** What is put into a client's configuration, and where. */
export interface Addition {
  readonly section: string;
  readonly name: string;
  /** Command, args, env and what the client wants beside them. */
  readonly entry: Readonly<Record<string, unknown>>;
}

/** The new text, or what is wrong with the old one. An unchanged text: it was there already. */
export type Merged = { readonly text: string } | { readonly problem: string };

export type MergeInto = (text: string, addition: Addition) => Merged;
