// Does the steps of a finding again, and tells each.
import type { Console } from "../cli/console.ts";
import type { SuiteOptions } from "../run/options.ts";
import { readReplay } from "./replay-file.ts";
import { findingText } from "./report.ts";
import { runSteps } from "./run-steps.ts";
import { stepText } from "./steps.ts";
import { findGround } from "./walk/ground.ts";

/** Exit code: 0 if the server now does what it should, 1 if the finding is there still. */
export async function replayExploration(file: string, options: SuiteOptions, console: Console): Promise<number> {
  const replay = readReplay(file);
  const ground = await findGround(options);
  const lane = ground.openLane();
  try {
    for (const notice of ground.notices) console.out.write(`note: ${notice}\n`);
    if (ground.rules.profile.name !== replay.profile)
      console.out.write(
        `note: found under the profile ${replay.profile}, the server names ${ground.rules.profile.name}\n`,
      );
    let again = 0;
    for (let tries = 0; tries < 3; tries++) {
      const walked = await runSteps(ground, lane, replay.steps);
      if (walked.found === undefined) continue;
      again++;
      if (again > 1) continue;
      const { found, steps } = walked;
      console.out.write(`${findingText({ found, steps, again: 3, walk: replay.walk, afterMs: 0 }, [])}\n`);
    }
    if (again === 0) console.out.write(`${replay.steps.map((step) => `  ${stepText(step)}\n`).join("")}`);
    console.out.write(`found in ${again} of 3 tries (then: ${replay.found.requirements[0]}: ${replay.found.what})\n`);
    return again > 0 ? 1 : 0;
  } finally {
    lane.close();
    ground.close();
  }
}
