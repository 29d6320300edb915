// Lines of the client against the schema of the contract.
import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { ClientState, Hello, Line } from "./contract.ts";

/** The client broke the contract, or its process failed: a fault of its driver, which says nothing of the client itself. */
export class ContractError extends Error {
  override readonly name = "ContractError";
}

const schema = JSON.parse(readFileSync(new URL("../../../client-contract.schema.json", import.meta.url), "utf8")) as {
  $id: string;
};
const ajv = new Ajv2020({ allErrors: false });
ajv.addSchema(schema);

function validatorOf<T>(name: string): (value: unknown, what: string) => T {
  const validate = ajv.compile({ $ref: `${schema.$id}#/$defs/${name}` }) as ValidateFunction<T>;
  return (value, what) => {
    if (validate(value)) return value;
    throw new ContractError(`${what} breaks the contract: ${ajv.errorsText(validate.errors, { dataVar: name })}`);
  };
}

const asLine = validatorOf<Line>("line");

/** `ok` of hello. Throws ContractError. */
export const asHello: (value: unknown, what: string) => Hello = validatorOf<Hello>("hello");

/** `ok` of state. Throws ContractError. */
export const asState: (value: unknown, what: string) => ClientState = validatorOf<ClientState>("state");

/** Commands are checked too, in tests: the suite keeps to its own contract. */
export const asCommand: (value: unknown, what: string) => unknown = validatorOf<unknown>("command");

/** Reads one line of the client. Throws ContractError. */
export function parseLine(text: string): Line {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ContractError(`a line on stdout is no JSON: ${shown(text)}`);
  }
  return asLine(value, `the line ${shown(text)}`);
}

const shownMax = 200;

function shown(text: string): string {
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}… (${text.length} characters)`;
}
