// A process that says where it listens, and lives until it is told to end.
process.stdout.write("starting\n");
process.stdout.write(
  `${JSON.stringify({ event: "listening", url: "http://127.0.0.1:1", adminUrl: "http://127.0.0.1:2" })}\n`,
);
setInterval(() => undefined, 1000);
