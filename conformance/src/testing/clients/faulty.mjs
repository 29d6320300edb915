// A client under test that breaks the contract in the way that its argument names.
import { createInterface } from "node:readline";

const [fault] = process.argv.slice(2);
const write = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const hello = { contract: 1, client: "faulty", version: String(process.pid), protocols: ["connect"], ops: [] };
const faults = {
  "no-json": () => process.stdout.write("hello there\n"),
  "no-such-state": ({ id }) => write({ id, ok: { statuses: [], subscriptions: {} } }),
  "too-long": () => process.stdout.write("x".repeat(2_000_000)),
  twice: ({ id }) => {
    write({ id, ok: { statuses: {}, subscriptions: {} } });
    write({ id, ok: { statuses: {}, subscriptions: {} } });
  },
  silent: () => {},
  ends: () => process.exit(3),
};

for await (const text of createInterface({ input: process.stdin })) {
  const command = JSON.parse(text);
  if (command.op === "hello") write({ id: command.id, ok: hello });
  else if (command.op === "open") write({ id: command.id, ok: {} });
  else faults[fault](command);
}
// It does not leave by itself.
setInterval(() => {}, 1_000);
