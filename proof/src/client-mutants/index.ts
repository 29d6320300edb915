// All mutant clients.
import { callMutants } from "./calls.ts";
import { linkMutants } from "./link.ts";
import type { ClientMutant } from "./mutant.ts";
import { tableMutants } from "./table.ts";
import { clientVariants } from "./variants.ts";

export const clientMutants: readonly ClientMutant[] = [...tableMutants, ...linkMutants, ...callMutants];

export { clientVariants };

/** A mutant, or a variant. */
export function findClientMutant(id: string): ClientMutant {
  const found = [...clientMutants, ...clientVariants].find((mutant) => mutant.id === id);
  if (found === undefined) throw new Error(`no mutant client ${id}`);
  return found;
}
