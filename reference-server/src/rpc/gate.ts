// What stands before a call: a usable session, open gates, a rate that is not used up. In this order, so that refused calls are not charged.
import { type CustomInput, checkCustom } from "../core/custom-status.ts";
import type { UserRecord } from "../core/model.ts";
import { Refused } from "../core/refused.ts";
import type { Rules } from "../core/rules.ts";
import { usableSession } from "../core/sessions.ts";
import type { Store } from "../store/store.ts";
import type { Identity } from "./identity.ts";

export interface GatedCall {
  readonly procedure: string;
  readonly sessionId: string;
  /** It names nobody but the caller. */
  readonly onlySelf?: boolean;
}

export interface Gatekeeper {
  /** Admits a call, or refuses; answers the caller's record. */
  admit(caller: Identity, call: GatedCall): Promise<Readonly<UserRecord>>;
  /** Refuses if a gate is closed for this procedure. */
  requireOpen(appId: string, procedure: string, onlySelf: boolean): Promise<void>;
  /** Refuses a custom status that the profile does not take. */
  checkCustom(input: CustomInput): void;
}

export function createGatekeeper(store: Store, rules: Rules): Gatekeeper {
  const requireOpen = async (appId: string, procedure: string, onlySelf: boolean): Promise<void> => {
    const reason = rules.closedGate(procedure, onlySelf, await store.features(appId));
    if (reason === "PLAN_REQUIRED") throw new Refused(reason, `the app's plan does not include ${procedure}`);
    if (reason) throw new Refused(reason, `the app's switch for ${procedure} is off`);
  };
  return {
    requireOpen,
    checkCustom: (input) => checkCustom(input, rules),
    admit: async ({ appId, userId }, { procedure, sessionId, onlySelf = false }) => {
      const [record] = await store.read(appId, [userId]);
      if (!record) throw new Error("the store gave no record");
      usableSession(record as UserRecord, sessionId);
      await requireOpen(appId, procedure, onlySelf);
      const rate = rules.rate(procedure);
      if (rate && !(rate.selfExempt && onlySelf)) await store.charge(appId, userId, procedure, rate);
      return record;
    },
  };
}
