// A real Chromium, for tests of pages: the one that is installed. Without one, tests are skipped on a person's machine and fail in CI.
import { accessSync, constants } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** The installed Chromium; undefined where there is none. `CHROMIUM` names another. */
export function chromiumPath(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const candidates = [env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const found = candidates.find((path) => path !== undefined && isExecutable(path));
  if (found === undefined && env.CI) throw new Error("no Chromium is installed, and CI must look at the pages");
  return found;
}

/** Starts it. The caller closes it. */
export function openBrowser(executablePath: string): Promise<Browser> {
  // Its sandbox refuses to run as root, as CI often does.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
