// One invocation: arguments in, exit code out.
import { CommanderError } from "commander";
import { describeFailure, exitCodes } from "./failure.ts";
import type { Io } from "./io.ts";
import { createProgram } from "./program.ts";

/** Runs a command. `args` are those after the program's name. Never rejects. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = createProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Help that was asked for has been printed and is no fault; everything else of the parser's is wrong usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const failure = describeFailure(error, String(program.opts().url));
    io.err(`userstatus: ${failure.message}`);
    return failure.exitCode;
  }
}
