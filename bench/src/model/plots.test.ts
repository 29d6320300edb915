import { expect, test } from "vitest";
import { fit } from "./fit.ts";
import { transports } from "./measure.ts";
import { burstsPlot, changesPlot } from "./plots.ts";

const points = transports.flatMap(({ name }, at) =>
  [
    { watchers: 1, burst: 1 },
    { watchers: 30, burst: 1 },
    { watchers: 1000, burst: 1 },
    { watchers: 1000, burst: 16 },
  ].map(({ watchers, burst }) => ({
    transport: name,
    watchers,
    burst,
    usEachChange: 400 + ((5 + at) * watchers) / burst,
    statusBytes: 70,
  })),
);

test.each([
  ["changes", changesPlot, 9],
  ["bursts", burstsPlot, 6],
] as const)(
  "a plot of %s names each transport, and has a dot for each point and a line for each model",
  async (_name, plot, dots) => {
    const svg = await plot(points, fit(points));
    for (const { name } of transports) expect(svg).toContain(`>${name}<`);
    expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(dots);
    expect(svg.match(/aria-roledescription="line mark"/g)).toHaveLength(transports.length);
  },
);
