import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type DescField, fromJson } from "@bufbuild/protobuf";
import { type Profile, ProfileSchema, profileNames, requirements } from "@userstatus/protocol";
import { describe, expect, it } from "vitest";
import { errorTable, type ProfileJson, profileTable, provenanceOf, withTables } from "./profile-table.ts";
import { root } from "./spec.ts";

const dir = join(root, "proto/profiles");
const profiles: Record<string, ProfileJson> = {};
for (const file of readdirSync(dir))
  profiles[file.replace(/\.json$/, "")] = JSON.parse(readFileSync(join(dir, file), "utf8"));
const names = Object.keys(profiles);
const spec = readFileSync(join(root, "SPEC.md"), "utf8");

describe("tables of SPEC.md", () => {
  it("are as the profiles and the error reasons make them (else: npm run generate)", () => {
    expect(withTables(spec, profiles) === spec).toBe(true);
  });

  it("change with a value, and with a number", () => {
    const zim = structuredClone(profiles.zim) as ProfileJson & {
      query: ProfileJson;
      vendorNumbers: { codes: ProfileJson };
    };
    zim.query.batchMax = 201;
    zim.vendorNumbers.codes.USER_NOT_FOUND = 7;
    expect(profileTable({ zim })).toContain("| `query.batch_max` | 201 D |");
    expect(errorTable({ zim })).toMatch(/\| `USER_NOT_FOUND` \|[^|]*\| 7 \|/);
  });

  it("are refused a place without markers", () => {
    expect(() => withTables("# nothing", profiles)).toThrow(
      "expected <!-- profiles:start --> before <!-- profiles:end -->",
    );
  });
});

/** Fields of a profile that hold values: those inside the groups of rules, and the lists as wholes. `name` and `claims` are no values. */
const notValues = new Set(["name", "claims", "provenance"]);
const isGroup = (field: DescField): boolean => field.fieldKind === "message" && field.name !== "vendor_numbers";
const valuePaths = ProfileSchema.fields
  .filter((field) => !notValues.has(field.name))
  .flatMap((field) =>
    isGroup(field) ? (field.message?.fields ?? []).map((inner) => `${field.name}.${inner.name}`) : [field.name],
  );

describe.each(names)("profile %s", (name) => {
  const json = profiles[name] as ProfileJson;
  const profile: Profile = fromJson(ProfileSchema, json);
  const entries = Object.keys(json.provenance as ProfileJson);

  it("has the name of its file, and is published", () => {
    expect(profile.name).toBe(name);
    expect(profileNames).toContain(name);
  });

  it("says of each value where it comes from", () => {
    const needed = valuePaths.filter((path) => path !== "vendor_numbers" || profile.vendorNumbers !== undefined);
    expect(needed.filter((path) => provenanceOf(json, path) === undefined)).toEqual([]);
    for (const [path, { mark, document, clause }] of Object.entries(profile.provenance)) {
      expect([path, mark > 0, document !== "", clause !== ""]).toEqual([path, true, true, true]);
    }
  });

  it("says it of nothing that is not there", () => {
    expect(entries.filter((path) => !isValuePath(path))).toEqual([]);
  });

  it("writes every switch and number out, so that nothing is a default by accident", () => {
    const missing = ProfileSchema.fields.filter(isGroup).flatMap((group) => {
      const written = json[group.jsonName] as ProfileJson;
      const plain = (group.message?.fields ?? []).filter(
        ({ fieldKind }) => fieldKind === "scalar" || fieldKind === "enum",
      );
      return plain
        .filter((field) => written[field.jsonName] === undefined)
        .map((field) => `${group.name}.${field.name}`);
    });
    expect(missing).toEqual([]);
  });
});

/** `liveness[WEB].lease`, `liveness.lease`, `rate_limits[Subscribe]`, `custom_status.max_bytes`. */
function isValuePath(path: string): boolean {
  let message: typeof ProfileSchema | NonNullable<DescField["message"]> | undefined = ProfileSchema;
  for (const step of path.replace(/\[[^\]]*\]/g, "").split(".")) {
    const field: DescField | undefined = message?.fields.find((each) => each.name === step);
    if (field === undefined || notValues.has(field.name)) return false;
    message = field.message;
  }
  return true;
}

describe("Appendix B", () => {
  const appendix = spec.slice(spec.indexOf("## Appendix B:"), spec.indexOf("## Appendix C:"));
  const rows = appendix.split("\n").filter((line) => /^\| \d+[a-z]? \|/.test(line));
  const cells = rows.map((row) => row.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "").trim()));

  it("answers each question once", () => {
    const numbers = Array.from({ length: 46 }, (_, index) => String(index + 1));
    const lettered = [..."abcd"]
      .map((letter) => `16${letter}`)
      .concat([..."abcdefghij"].map((letter) => `18${letter}`));
    expect(cells.map(([number]) => number).sort()).toEqual([...numbers, ...lettered].sort());
  });

  it("says of each answer what holds it: requirements and values that there are", () => {
    const ids = new Set(requirements.map(({ id }) => id));
    for (const row of cells) {
      expect(row).toHaveLength(4);
      const held = [...(row[3] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
      expect([row[0], held.length > 0]).toEqual([row[0], true]);
      expect([row[0], held.filter((name) => !ids.has(name) && !isValuePath(name))]).toEqual([row[0], []]);
    }
  });
});
