// The last call of a transcript as a line for a shell, which works as printed: Connect's JSON by curl. Pure.
import type { Entry } from "./transcript.ts";
import { messageJson } from "./transcript.ts";

export interface CommandContext {
  /** Base URL of the server. */
  readonly url: string;
  /** The app that the check had. */
  readonly app: string;
  /** Whether tokens are those of the development mode, which are no secret. */
  readonly devTokens: boolean;
  /** Whether the server takes JSON over Connect. */
  readonly takesJson: boolean;
}

const service = "userstatus.v1.UserStatusService";

/** Undefined where there is no unary call of a user, or the server takes none by JSON. */
export function commandOf(entries: readonly Entry[], context: CommandContext): string | undefined {
  const { url, app, devTokens, takesJson } = context;
  const call = entries.findLast(
    ({ kind, method, who, message }) =>
      kind === "call" && method !== "Watch" && who !== "admin" && message !== undefined,
  );
  if (!takesJson || call?.message === undefined || call.method === undefined) return undefined;
  const json = messageJson(call.message.schema, call.message.value);
  // Told in words where it has no JSON: then there is nothing to send.
  if (typeof json === "string") return undefined;
  const parts = [
    `curl -sS ${quoted(`${url.replace(/\/$/, "")}/${service}/${call.method}`)}`,
    "-H 'Content-Type: application/json'",
  ];
  const who = call.who ?? "";
  if (who !== "") parts.push('-H "Authorization: Bearer $TOKEN"');
  parts.push(`-d ${quoted(JSON.stringify(json))}`);
  const line = parts.join(" ");
  if (who === "") return line;
  if (devTokens) return `TOKEN=${quoted(`dev:${app}:${who}`)}; ${line}`;
  return `# TOKEN is one of the user ${who} in the app ${app}\n${line}`;
}

/** A word for a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
