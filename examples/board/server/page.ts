// The page: bundled in memory when the program starts, and served from there.
import type { RequestListener } from "node:http";
import { fileURLToPath } from "node:url";
import { build, defaultClientConditions } from "vite";

/** Files of the page by path. */
export type PageFiles = ReadonlyMap<string, string | Uint8Array>;

const root = fileURLToPath(new URL("..", import.meta.url));

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Nothing but the page's own files may run, and nobody but its own address is called. */
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'";

export async function buildPage(): Promise<PageFiles> {
  const built = await build({
    root,
    configFile: false,
    logLevel: "warn",
    // The sources of the workspaces, not what was built of them.
    resolve: { conditions: ["@userstatus/source", ...defaultClientConditions] },
    build: { write: false, target: "es2023", modulePreload: false },
  });
  const outputs = Array.isArray(built) ? built : [built];
  const files = new Map<string, string | Uint8Array>();
  for (const result of outputs) {
    if (!("output" in result)) continue;
    for (const file of result.output) files.set(`/${file.fileName}`, file.type === "chunk" ? file.code : file.source);
  }
  return files;
}

export function servePage(files: PageFiles): RequestListener {
  return (request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const name = path === "/" ? "/index.html" : path;
    const body = files.get(name);
    if (body === undefined || (request.method !== "GET" && request.method !== "HEAD")) {
      response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end("not found\n");
      return;
    }
    response.writeHead(200, {
      "Content-Type": types[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream",
      // Names of bundled files hold a hash of what is in them.
      "Cache-Control": name === "/index.html" ? "no-cache" : "max-age=31536000, immutable",
      "Content-Security-Policy": policy,
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
    });
    response.end(request.method === "HEAD" ? undefined : body);
  };
}
