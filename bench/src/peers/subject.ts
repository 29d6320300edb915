// A peer as something that is measured: the same number of watchers, and messages of the same size.
import type { Measured } from "../children.ts";
import { createStreamGroup } from "../streams.ts";
import { inTurns, quiet, type Scene, type Subject } from "../subjects.ts";
import type { Peer } from "./programs.ts";
import { connected, createSocketGroup } from "./sockets.ts";
import type { Wire } from "./wires.ts";

const arrivalMs = 30_000;

interface Side {
  readonly arrivals: ReturnType<typeof createSocketGroup>["arrivals"];
  /** One message, or burst, to all. */
  readonly publish: () => void;
  readonly close: () => void;
}

export async function startPeerSubject(
  peer: Peer,
  start: () => Promise<Measured>,
  scene: Scene,
  statusBytes: number,
): Promise<Subject> {
  const process = await start();
  const size = Math.round(statusBytes);
  const { wire } = peer;
  const side =
    typeof wire === "string"
      ? await overStreams(process, { ...scene, kind: wire }, size)
      : await overSockets(process, wire, scene, size);
  const { arrivals } = side;
  await quiet(side);
  const before = arrivals.bytes();
  side.publish();
  await arrivals.until({ bytes: before + 1 }, arrivalMs);
  await quiet(side);
  const roundBytes = arrivals.bytes() - before;
  if (roundBytes < size * scene.burst * scene.watchers)
    throw new Error(`${peer.name}: ${roundBytes} bytes came of a round of ${size * scene.burst} to ${scene.watchers}`);
  return {
    process,
    send: async () => side.publish(),
    eachArrival: arrivals.each,
    rounds: async (count) => {
      for (let round = 0; round < count; round++) {
        const wanted = { bytes: arrivals.bytes() + roundBytes };
        side.publish();
        await arrivals.until(wanted, arrivalMs);
      }
      return count * scene.burst * scene.watchers;
    },
    statusBytes: () => size,
    frames: arrivals.messages,
    stop: async () => {
      side.close();
      await process.stop();
    },
  };
}

/** As our own watchers; it is told on its standard input. */
async function overStreams(process: Measured, scene: Scene, size: number): Promise<Side> {
  const group = createStreamGroup(scene.kind, process.hello.url ?? "", scene.connections);
  const opening = inTurns(scene.watchers, scene.watchers, () => group.open({ token: "none", sessionId: "-" }));
  // A stream counts as open with its first message: one round begins them all.
  const begun = setInterval(() => process.send(`1 ${size}`), 200);
  await opening.finally(() => clearInterval(begun));
  return { arrivals: group.arrivals, publish: () => process.send(`${scene.burst} ${size}`), close: group.close };
}

async function overSockets(process: Measured, wire: Wire, scene: Scene, size: number): Promise<Side> {
  const port = Number(new URL(process.hello.url ?? "").port);
  const group = createSocketGroup(wire, port);
  await inTurns(scene.watchers, 32, group.open);
  if (!wire.publish) {
    return { ...group, publish: () => process.send(`${scene.burst} ${size}`) };
  }
  const publisher = await publisherOf(wire, port);
  const round = Buffer.concat(
    Array.from({ length: scene.burst }, () => wire.publish?.(Buffer.alloc(size, 1)) ?? Buffer.alloc(0)),
  );
  return {
    arrivals: group.arrivals,
    publish: () => void publisher.write(round),
    close: () => {
      publisher.destroy();
      group.close();
    },
  };
}

/** A connection that publishes; where a wire wants a greeting it says hello first, and what it hears counts for nothing. */
async function publisherOf(wire: Wire, port: number): ReturnType<typeof connected> {
  const publisher = await connected(port);
  publisher.on("error", () => {});
  publisher.resume();
  const hello = wire.publisherGreeting;
  if (hello) publisher.write(hello);
  return publisher;
}
