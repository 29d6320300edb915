// Takes apps and records in memory back to what is on disk, when a write failed.
import { blankRecord, type UserRecord } from "../../core/model.ts";
import type { Rules } from "../../core/rules.ts";
import { type AppData, createAppData } from "../memory/app-data.ts";
import type { Numbers } from "./numbers.ts";
import type { Reader } from "./reader.ts";

export interface Restorer {
  app(app: AppData): void;
  user(app: AppData, record: UserRecord): void;
}

export function createRestorer(
  reader: Reader,
  numbers: { readonly apps: Numbers<AppData>; readonly users: Numbers<UserRecord> },
  rules: Rules,
): Restorer {
  return {
    app: (app) => {
      const appNo = numbers.apps.known(app);
      const { features, featuresSeq, rowsEra, stoppedAtMs, epoch } =
        (appNo === undefined ? undefined : reader.app(appNo)) ?? createAppData(app.appId, app.epoch);
      // The change number is left as it is: it never goes back.
      Object.assign(app, { features, featuresSeq, rowsEra, stoppedAtMs, epoch });
    },
    user: (app, record) => {
      const userNo = numbers.users.known(record);
      const kept = userNo === undefined ? undefined : reader.user(userNo);
      // In place: others hold this record.
      Object.assign(record, kept ?? blankRecord(record.userId, rules));
      if (kept === undefined) app.users.delete(record.userId);
    },
  };
}
