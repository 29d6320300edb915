// The program as a person starts it. Needs no browser.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { createForwarder } from "./forward.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ["--conditions=@userstatus/source", "--import", "tsx", main, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function firstLine(stream: ChildProcess["stdout"]): Promise<string> {
  if (stream === null) throw new Error("the program has no output");
  const [line] = await once(createInterface({ input: stream }), "line");
  return String(line);
}

describe("npm run board", () => {
  it("serves page and calls at one address, passes options on to the server, and ends with Ctrl-C", async () => {
    const child = start("--port", "0", "--", "--profile", "zim");
    const exited = once(child, "exit");
    const line = await firstLine(child.stdout);
    const url = line.replace("Status board: ", "");
    const page = await fetch(url);
    const html = await page.text();
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(html).toContain("<title>Status board</title>");
    const script = /src="([^"]+\.js)"/.exec(html)?.[1];
    expect((await fetch(`${url}${script}`)).headers.get("content-type")).toMatch(/^text\/javascript/);
    expect((await fetch(`${url}/package.json`)).status).toBe(404);
    const info = await fetch(`${url}/userstatus.v1.UserStatusService/GetServerInfo`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(await info.json()).toMatchObject({ profile: { name: "zim", subscription: { maxSubscriptions: 8 } } });
    // The admin service is no business of a page.
    expect((await fetch(`${url}/userstatus.admin.v1.AdminService/GetFeatures`, { method: "POST" })).status).toBe(404);
    child.kill("SIGINT");
    expect(await exited).toEqual([0, null]);
  });

  it.each([
    [["--port", "no"], "board: not a port: no"],
    [["--port", "0", "--", "--profile", "nothing"], "board: "],
  ])("says in one line what is wrong with %j", async (args, told) => {
    const child = start(...args);
    const exited = once(child, "exit");
    expect(await firstLine(child.stderr)).toContain(told);
    expect(await exited).toEqual([1, null]);
  });
});

describe("handing calls on", () => {
  it("answers 502 where the server is gone, so that clients try again", async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const forward = createForwarder({ "/call": `http://127.0.0.1:${port}` });
    const front = createServer((request, response) => void forward.handle(request, response));
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      forward.close();
      front.close();
      front.closeAllConnections();
    });
    const address = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
    expect((await fetch(`${address}/call`, { method: "POST", body: "{}" })).status).toBe(502);
  });

  it("breaks off the call to the server when the caller goes", async () => {
    const broken = Promise.withResolvers<void>();
    const server = createServer((_request, response) => {
      response.write("open");
      response.on("close", () => broken.resolve());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const forward = createForwarder({ "/": `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const front = createServer((request, response) => void forward.handle(request, response));
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      forward.close();
      for (const each of [front, server]) {
        each.close();
        each.closeAllConnections();
      }
    });
    const caller = new AbortController();
    const address = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
    await fetch(`${address}/watch`, { signal: caller.signal });
    caller.abort();
    await broken.promise;
  });
});
