#!/usr/bin/env node
// Entry point of the command line.
import { processConsole } from "./cli/console.ts";
import { main } from "./cli/program.ts";

process.exitCode = await main(process.argv.slice(2), processConsole());
