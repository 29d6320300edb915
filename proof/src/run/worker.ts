// A worker process of a proof: gets jobs by messages, one after the other or a few at once, and answers each with its result. It ends
// when its parent is gone.
import type { Job, JudgeSettings } from "../job.ts";
import { runJob } from "./run-job.ts";

export interface WorkerRequest {
  readonly job: Job;
  readonly settings: JudgeSettings;
}

process.on("message", ({ job, settings }: WorkerRequest) => {
  void runJob(job, settings).then((result) => process.send?.(result));
});
process.on("disconnect", () => process.exit(0));
// Mutants are meant to go wrong; what they leave behind must not end the worker and with it other jobs.
process.on("unhandledRejection", () => {});
process.send?.("ready");
