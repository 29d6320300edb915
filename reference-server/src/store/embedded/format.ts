// What stands on disk: one SQLite file. Version 1 of the format, and how older versions become the present one.
import type { DatabaseSync } from "node:sqlite";

/** Says that a SQLite file is ours: "USP1". */
export const applicationId = 0x55535031;

/** The step from version `index` to `index + 1`. A step, once released, is never changed: the next version gets a new one. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE apps (app_no INTEGER PRIMARY KEY, app_id TEXT NOT NULL UNIQUE, data TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;
  CREATE TABLE users (
    user_no INTEGER PRIMARY KEY, app_no INTEGER NOT NULL, user_id TEXT NOT NULL, data TEXT NOT NULL, sum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE subscriptions (
    user_no INTEGER NOT NULL, target TEXT NOT NULL, generation INTEGER NOT NULL, refresh_ms INTEGER NOT NULL,
    refresh_order INTEGER NOT NULL, expire_ms INTEGER, incarnation INTEGER NOT NULL, seq INTEGER NOT NULL, sum INTEGER NOT NULL,
    PRIMARY KEY (user_no, target)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE ended_subscriptions (
    user_no INTEGER NOT NULL, generation INTEGER NOT NULL, target TEXT NOT NULL, reason INTEGER NOT NULL, seq INTEGER NOT NULL,
    sum INTEGER NOT NULL, PRIMARY KEY (user_no, generation)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE friends (user_no INTEGER PRIMARY KEY, data TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;
  `,
];

/** The file can't be used: it is not ours, newer than this program, or damaged. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** Makes a new file, or brings an older one to the present version, in one transaction each. Answers the version that was found. */
export function migrate(db: DatabaseSync, steps: readonly string[] = migrations): number {
  const found = pragma(db, "user_version");
  const id = pragma(db, "application_id");
  const empty = found === 0 && id === 0 && pragma(db, "schema_version") === 0;
  if (!empty && id !== applicationId) throw new FormatError("it is a SQLite file of another program");
  if (found > steps.length) {
    throw new FormatError(`it has format ${found}, and this program knows formats up to ${steps.length}`);
  }
  for (let version = found; version < steps.length; version++) {
    db.exec(`BEGIN IMMEDIATE; ${steps[version]};
      PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version + 1}; COMMIT`);
  }
  return found;
}

export function pragma(db: DatabaseSync, name: string): number {
  const row = db.prepare(`PRAGMA ${name}`).get();
  return Number(Object.values(row ?? {})[0] ?? 0);
}
