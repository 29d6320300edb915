import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createLinkSwitch } from "./link-switch.ts";

it("breaks open streams and refuses new calls as a dead network does, until it is restored", async () => {
  const server = createServer((_request, response) => void response.write("open "));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const link = createLinkSwitch(fetch);
  const body = (await link.fetch(url)).body?.getReader();
  expect(new TextDecoder().decode((await body?.read())?.value)).toBe("open ");
  const broken = expect(body?.read()).rejects.toBeInstanceOf(TypeError);
  link.cut();
  await broken;
  expect(link.isCut()).toBe(true);
  await expect(link.fetch(url)).rejects.toBeInstanceOf(TypeError);
  link.restore();
  expect((await link.fetch(url)).status).toBe(200);
  const caller = new AbortController();
  const second = (await link.fetch(url, { signal: caller.signal })).body?.getReader();
  await second?.read();
  caller.abort();
  await expect(second?.read()).rejects.toMatchObject({ name: "AbortError" });
});
