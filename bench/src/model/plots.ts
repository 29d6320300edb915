// Plots of what was measured, with the model as lines, as SVG.
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { burstUs, changeUs, type Model } from "./fit.ts";
import type { Point } from "./measure.ts";

interface Plotted {
  readonly transport: string;
  readonly x: number;
  readonly us: number;
}

interface Plot {
  readonly title: string;
  readonly subtitle: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly dots: readonly Plotted[];
  readonly lines: readonly Plotted[];
}

const width = 640;
const height = 360;
/** Told apart without colour, too, by the shape of the dots. */
const colours = ["#1b6ca8", "#c4501b", "#2f7d4f"];
const steps = 40;

/** CPU of a change by its watchers. */
export function changesPlot(points: readonly Point[], models: readonly Model[]): Promise<string> {
  const singles = points.filter(({ burst }) => burst === 1);
  const most = Math.max(...singles.map(({ watchers }) => watchers));
  return svgOf({
    title: "What a change costs, by how many watch",
    subtitle: "CPU of the server; dots are measured, lines are the model",
    xTitle: "watchers of the user who changes",
    yTitle: "µs a change",
    dots: singles.map(({ transport, watchers, usEachChange }) => ({ transport, x: watchers, us: usEachChange })),
    lines: models.flatMap((model) =>
      spread(most).map((x) => ({ transport: model.transport, x, us: changeUs(model, x) })),
    ),
  });
}

/** CPU of a status by the size of the burst that it comes in. */
export function burstsPlot(points: readonly Point[], models: readonly Model[]): Promise<string> {
  const watchers = Math.max(...points.map((point) => point.watchers));
  const crowded = points.filter((point) => point.watchers === watchers);
  const most = Math.max(...crowded.map(({ burst }) => burst));
  return svgOf({
    title: "What a status costs, by how many change at once",
    subtitle: `CPU of the server for each status that one of ${watchers} watchers gets`,
    xTitle: "changes at once, of different users, whom all of them watch",
    yTitle: "µs a status",
    dots: crowded.map(({ transport, burst, usEachChange }) => ({ transport, x: burst, us: usEachChange / watchers })),
    lines: models.flatMap((model) =>
      spread(most).map((x) => ({ transport: model.transport, x, us: burstUs(model, x) })),
    ),
  });
}

/** From 1 on, closer where it is less. */
function spread(most: number): number[] {
  return Array.from({ length: steps + 1 }, (_, at) => most ** (at / steps));
}

function svgOf(plot: Plot): Promise<string> {
  const names = [...new Set(plot.dots.map(({ transport }) => transport))];
  const scale = { domain: names, range: colours };
  const x = { field: "x", type: "quantitative", title: plot.xTitle, scale: { type: "log", nice: false } } as const;
  const y = { field: "us", type: "quantitative", title: plot.yTitle, scale: { type: "log", nice: false } } as const;
  const color = {
    field: "transport",
    type: "nominal",
    scale,
    title: null,
    legend: { orient: "top", labelLimit: 0 },
  } as const;
  const spec: TopLevelSpec = {
    background: "white",
    width,
    height,
    title: { text: plot.title, subtitle: plot.subtitle, anchor: "start" },
    layer: [
      { data: { values: [...plot.lines] }, mark: { type: "line", strokeWidth: 1.5 }, encoding: { x, y, color } },
      {
        data: { values: [...plot.dots] },
        mark: { type: "point", filled: true, size: 60, opacity: 1 },
        encoding: { x, y, color, shape: { field: "transport", type: "nominal", scale: { domain: names } } },
      },
    ],
  };
  return new View(parse(compile(spec).spec), { renderer: "none" }).toSVG();
}
