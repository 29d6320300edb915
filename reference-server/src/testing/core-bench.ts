// A record, a clock and a profile for tests of the core: commands run as a store runs them.
import { fromJson, type JsonObject, toJson } from "@bufbuild/protobuf";
import { Platform, ProfileSchema, publishedProfile } from "@userstatus/protocol";
import { blankRecord, type Change, type CoreContext, type UserRecord } from "../core/model.ts";
import { createRules, type Rules } from "../core/rules.ts";
import { login } from "../core/sessions.ts";
import { settle } from "../core/settle.ts";

export interface CoreBench {
  readonly rules: Rules;
  record: UserRecord;
  nowMs: number;
  rowsEra: number;
  /** Runs a command at the present time; answers it, and what was told. */
  run<T>(command: (record: UserRecord, nowMs: number, context: CoreContext) => T): { answer: T; changes: Change[] };
  /** Moves the clock and settles; answers what was told. */
  pass(ms: number): Change[];
  login(device: string, options?: { platform?: Platform; text?: string; ttlMs?: number }): string;
}

/** Rules of a published profile, with some groups replaced (ProtoJSON). */
export function rulesOf(name: string, changes: JsonObject = {}): Rules {
  const profile = publishedProfile(name);
  if (!profile) throw new Error(`no profile ${name}`);
  const json = toJson(ProfileSchema, profile) as JsonObject;
  for (const [group, value] of Object.entries(changes)) {
    const old = json[group];
    const merge = typeof old === "object" && !Array.isArray(old) && typeof value === "object" && !Array.isArray(value);
    json[group] = merge ? { ...(old as JsonObject), ...(value as JsonObject) } : value;
  }
  return createRules(fromJson(ProfileSchema, json));
}

export function createCoreBench(name: string, changes: JsonObject = {}): CoreBench {
  const rules = rulesOf(name, changes);
  let seq = 0;
  let devices = 0;
  const context = (told: Change[]): CoreContext => ({ rules, rowsEra: bench.rowsEra, seq: ++seq, changes: told });
  const bench: CoreBench = {
    rules,
    record: blankRecord("me", rules),
    nowMs: 1_800_000_000_000,
    rowsEra: 0,
    run: (command) => {
      const changes: Change[] = [];
      const core = context(changes);
      settle(bench.record, bench.nowMs, core);
      const answer = command(bench.record, bench.nowMs, core);
      settle(bench.record, bench.nowMs, core);
      return { answer, changes };
    },
    pass: (ms) => {
      bench.nowMs += ms;
      const changes: Change[] = [];
      settle(bench.record, bench.nowMs, context(changes));
      return changes;
    },
    login: (device, { platform = Platform.ANDROID, text, ttlMs } = {}) =>
      bench.run((record, nowMs, core) =>
        login(
          record,
          {
            deviceId: device,
            platform,
            custom: text === undefined ? undefined : { text, ttlMs },
            tokenExpiresAtMs: null,
            newSessionId: `${device}-${++devices}`,
          },
          nowMs,
          core,
        ),
      ).answer.sessionId,
  };
  return bench;
}
