// Sessions that one-shot commands go on with: one small file each, under XDG_STATE_HOME/userstatus.
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Whose session it is. */
export interface StateKey {
  readonly url: string;
  readonly identity: string;
  readonly deviceId: string;
}

/** Remembers session ids. They are no secrets: they work only with a token of their user. */
export interface StateStore {
  /** The session id, if one is remembered. */
  readonly read: (key: StateKey) => Promise<string | undefined>;
  readonly write: (key: StateKey, sessionId: string) => Promise<void>;
  readonly remove: (key: StateKey) => Promise<void>;
}

/** Where the files are: XDG_STATE_HOME if it is an absolute path, else ~/.local/state. */
export function stateDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const base = env.XDG_STATE_HOME;
  return join(base?.startsWith("/") ? base : join(homedir(), ".local", "state"), "userstatus");
}

export function createStateStore(directory: string): StateStore {
  const fileOf = ({ url, identity, deviceId }: StateKey): string => {
    const name = createHash("sha256")
      .update(JSON.stringify([url, identity, deviceId]))
      .digest("hex")
      .slice(0, 32);
    return join(directory, `${name}.json`);
  };
  return {
    read: async (key) => {
      try {
        return sessionIdIn(await readFile(fileOf(key), "utf8"));
      } catch {
        // Absent or unreadable: the same as no session. A login of the same device gives it back.
        return undefined;
      }
    },
    write: async (key, sessionId) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      // Written aside and renamed: another command reads all of it or nothing.
      const aside = `${fileOf(key)}.${randomBytes(6).toString("hex")}`;
      await writeFile(aside, `${JSON.stringify({ ...key, sessionId })}\n`, { mode: 0o600 });
      await rename(aside, fileOf(key));
    },
    remove: async (key) => {
      await rm(fileOf(key), { force: true });
    },
  };
}

function sessionIdIn(text: string): string | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("sessionId" in value)) return undefined;
  const { sessionId } = value;
  return typeof sessionId === "string" && /^[\x20-\x7e]{1,64}$/.test(sessionId) ? sessionId : undefined;
}
