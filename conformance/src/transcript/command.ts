// The last call of a transcript as a line for a shell, which works as printed: Connect's JSON by curl; and where a Watch was opened, the last one by
// buf curl, from the root of this repository, whose schema it reads. Pure.
import type { Entry } from "./transcript.ts";
import { messageJson } from "./transcript.ts";

export interface CommandContext {
  /** Base URL of the server. */
  readonly url: string;
  /** The app that the check had. */
  readonly app: string;
  /** Whether tokens are those of the development mode, which are no secret. */
  readonly devTokens: boolean;
  /** The server's claims. */
  readonly claims: ReadonlySet<string>;
}

const service = "userstatus.v1.UserStatusService";

/** One line, or one of a call and one of a Watch; undefined where there is nothing to send, or not in these ways. */
export function commandOf(entries: readonly Entry[], context: CommandContext): string | undefined {
  const lines = [unaryCommand(entries, context), watchCommand(entries, context)].filter((line) => line !== undefined);
  return lines.length === 0 ? undefined : lines.join("\n");
}

function unaryCommand(entries: readonly Entry[], context: CommandContext): string | undefined {
  const { url, claims } = context;
  const takesJson = claims.has("transport.connect") && claims.has("codec.json");
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
  return withToken(parts.join(" "), who, context);
}

function watchCommand(entries: readonly Entry[], context: CommandContext): string | undefined {
  const { url, claims } = context;
  const call = entries.findLast(({ kind, method, message }) => kind === "call" && method === "Watch" && message);
  if (call?.message === undefined) return undefined;
  const json = messageJson(call.message.schema, call.message.value);
  if (typeof json === "string") return undefined;
  const protocols = { "transport.grpc": "grpc", "transport.connect": "connect", "transport.grpc_web": "grpcweb" };
  const [, protocol] = Object.entries(protocols).find(([claim]) => claims.has(claim)) ?? [];
  if (protocol === undefined) return undefined;
  const parts = [
    `npx buf curl --schema . --protocol ${protocol}`,
    ...(protocol === "grpc" && url.startsWith("http:") ? ["--http2-prior-knowledge"] : []),
    ...(call.who ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    `-d ${quoted(JSON.stringify(json))}`,
    quoted(`${url.replace(/\/$/, "")}/${service}/Watch`),
  ];
  return withToken(parts.join(" "), call.who ?? "", context);
}

function withToken(line: string, who: string, { app, devTokens }: CommandContext): string {
  if (who === "") return line;
  if (devTokens) return `TOKEN=${quoted(`dev:${app}:${who}`)}; ${line}`;
  return `# TOKEN is one of the user ${who} in the app ${app}\n${line}`;
}

/** A word for a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
