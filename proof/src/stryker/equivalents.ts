// Mutants of which it is argued that no client, and no backend, can tell them from the server as it is written. Each has its reason; one that no
// mutant fits any more is a fault of this list.

export interface Equivalent {
  /** Name in the core. */
  readonly file: string;
  /** The text that Stryker replaces, and what it puts there. */
  readonly original: string;
  readonly replacement: string;
  /** Where the same text is changed in several lines: the line. */
  readonly line?: number;
  readonly reason: string;
}

export const equivalents: readonly Equivalent[] = [
  {
    file: "views.ts",
    original: "!rules.selfViewFull",
    replacement: "true",
    reason:
      "The full view holds the custom status already; putting it there again from the same record changes nothing.",
  },
];
