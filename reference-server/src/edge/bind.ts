// Turns the system's reasons for not listening into one line for the operator.
import { type Address, addressText } from "../config/values.ts";

/** The server can't start, through no fault of the configuration's form. The message is one line. */
export class StartError extends Error {
  override readonly name = "StartError";
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EACCES: "this user may not listen there",
  EADDRNOTAVAIL: "this machine does not have that address",
  ENOTFOUND: "that host name is not known",
};

/** Rejects with a StartError when `listen` rejects. */
export async function bindTo<T>(address: Address, option: string, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (cause) {
    const code = String((cause as { code?: unknown }).code);
    throw new StartError(`Can't listen on ${addressText(address)} (--${option}): ${reasons[code] ?? code}`, { cause });
  }
}
