// All mutant clients.
import { linkMutants } from "./link.ts";
import type { ClientMutant } from "./mutant.ts";
import { tableMutants } from "./table.ts";

export const clientMutants: readonly ClientMutant[] = [...tableMutants, ...linkMutants];

export function findClientMutant(id: string): ClientMutant {
  const found = clientMutants.find((mutant) => mutant.id === id);
  if (found === undefined) throw new Error(`no mutant client ${id}`);
  return found;
}
