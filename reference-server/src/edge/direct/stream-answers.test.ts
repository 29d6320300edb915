import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, it } from "vitest";
import { Http1Answer } from "./stream-answers.ts";

it("a stream that is asked for behind an answer which goes on loses none of its frames", async () => {
  const slow: ServerResponse[] = [];
  const answers: Http1Answer[] = [];
  const server = createServer((request, response) => {
    request.resume();
    if (request.url === "/slow") {
      slow.push(response);
      return;
    }
    const answer = new Http1Answer(response, "proto");
    answer.begin({ "content-type": "x" });
    answer.write(Buffer.from("HELLO"));
    answers.push(answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  let seen = "";
  socket.on("data", (chunk) => {
    seen += String(chunk);
  });
  socket.write("GET /slow HTTP/1.1\r\nhost: x\r\n\r\nGET /stream HTTP/1.1\r\nhost: x\r\n\r\n");
  await expect.poll(() => answers.length).toBe(1);
  slow[0]?.end("slow");
  await expect.poll(() => seen).toContain("HELLO");
  answers[0]?.write(Buffer.from("LATER"));
  answers[0]?.end(Buffer.from("END"));
  await expect.poll(() => seen).toContain("END");
  expect(seen.replaceAll(/\r\n|[0-9]\r/g, " ")).toMatch(/slow.*HELLO.*LATER.*END/s);
  socket.destroy();
  server.close();
});
