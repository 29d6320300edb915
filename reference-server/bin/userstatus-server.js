#!/usr/bin/env node
// Committed, unlike what it starts, so that npm links it at install time in a fresh clone, before anything is built.
import { existsSync } from "node:fs";

const program = new URL("../dist/main.js", import.meta.url);
if (existsSync(program)) {
  await import(program.href);
} else {
  console.error("userstatus-server: not built yet; run: npm run build");
  process.exitCode = 1;
}
