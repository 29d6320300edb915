// `--set PATH=VALUE`: finds a value of a profile by its path and gives it another, guided by the message's descriptor.
import type { DescEnum, DescField, DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { ConfigError, expected, nearest } from "./config-error.ts";
import { readDurationMs } from "./values.ts";

/** One step of a path: `name`, or `[key]` with a place in a list, the procedure of a rate limit, or a key of a map. */
export interface PathStep {
  readonly kind: "name" | "key";
  readonly text: string;
}

/** Reads `liveness[0].lease`, `rate_limits[Subscribe].max_calls`, `vendor_numbers.codes.RATE_LIMITED`. */
export function readPath(path: string): readonly PathStep[] {
  if (!/^\w+(\[[^\]]+\]|\.\w+)*$/.test(path))
    throw expected("the path of --set", "such as liveness[0].lease", JSON.stringify(path));
  return [...path.matchAll(/(\w+)|\[([^\]]+)\]/g)].map((match) => ({
    kind: match[2] === undefined ? "name" : "key",
    text: match[2] ?? match[1] ?? "",
  }));
}

/** Sets a value in the ProtoJSON of a message, written with the names of the proto file. An empty text unsets it. */
export function setByPath(root: JsonObject, desc: DescMessage, path: string, text: string): void {
  const steps = readPath(path);
  let json = root;
  let message = desc;
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at];
    if (step?.kind !== "name") throw expected("the path of --set", `to name a field of ${message.name} there`, path);
    const field = findField(message, step.text);
    let place = placeInObject(json, field.name);
    let whole = field.fieldKind === "list" || field.fieldKind === "map";
    const inner = whole ? steps[at + 1] : undefined;
    if (inner !== undefined) {
      at++;
      whole = false;
      place =
        field.fieldKind === "list" ? placeInList(json, field, inner.text, path) : placeInMap(json, field, inner.text);
    }
    if (at === steps.length - 1) place.assign(text, () => (whole ? wholeValue : elementValue)(field, text, path));
    else if (field.message === undefined) throw expected("the path of --set", `to end at ${step.text}`, path);
    else [json, message] = [place.object(), field.message];
  }
}

function findField(message: DescMessage, name: string): DescField {
  const field = message.fields.find((each) => each.name === name || each.jsonName === name);
  if (field !== undefined) return field;
  const near = nearest(
    name,
    message.fields.map((each) => each.name),
  );
  throw new ConfigError(
    `There is no field ${name} in ${message.name}${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}

/** Where a value stands, in an object, a list or a map. */
interface Place {
  /** An empty text takes the value away. */
  readonly assign: (text: string, value: () => JsonValue) => void;
  /** The object that stands there, made if there is none. */
  readonly object: () => JsonObject;
}

function placeInObject(json: JsonObject, key: string): Place {
  return {
    assign: (text, value) => {
      if (text === "") delete json[key];
      else json[key] = value();
    },
    object: () => {
      const inner = (json[key] ?? {}) as JsonObject;
      json[key] = inner;
      return inner;
    },
  };
}

function placeInMap(json: JsonObject, field: DescField, key: string): Place {
  return placeInObject(placeInObject(json, field.name).object(), key);
}

function placeInList(json: JsonObject, field: DescField, key: string, path: string): Place {
  const list = (json[field.name] ?? []) as JsonValue[];
  json[field.name] = list;
  const byProcedure = list.findIndex((entry) => (entry as JsonObject).procedure === key);
  const at = /^\d{1,4}$/.test(key) ? Number(key) : byProcedure;
  if (at < 0 || at > list.length) throw expected(`[${key}] of --set ${path}`, `a place from 0 to ${list.length}`, key);
  return {
    assign: (text, value) => {
      if (text === "") list.splice(at, 1);
      else list.splice(at, 1, value());
    },
    object: () => {
      const entry = (list[at] ?? {}) as JsonObject;
      list[at] = entry;
      return entry;
    },
  };
}

/** A whole list (`A,B,C` or JSON) or a whole map (JSON). */
function wholeValue(field: DescField, text: string, path: string): JsonValue {
  if (field.fieldKind === "list" && field.message === undefined && !text.startsWith("[")) {
    return text.split(",").map((part) => elementValue(field, part.trim(), path));
  }
  return readJson(text, path);
}

function elementValue(field: DescField, text: string, path: string): JsonValue {
  if (field.message?.typeName === "google.protobuf.Duration") return `${readDurationMs(text, path) / 1_000}s`;
  if (field.message !== undefined) return readJson(text, path);
  if (field.enum !== undefined) return enumValue(field.enum, text, path);
  if (field.scalar === ScalarType.STRING) return text;
  if (field.scalar === ScalarType.BOOL) {
    if (text === "true" || text === "false") return text === "true";
    throw expected(path, "true or false", JSON.stringify(text));
  }
  if (!/^-?\d{1,10}$/.test(text)) throw expected(path, "a whole number", JSON.stringify(text));
  return Number(text);
}

/** With or without the prefix: `PLATFORM_WEB`, `WEB`. */
function enumValue(desc: DescEnum, text: string, path: string): string {
  const name = text.toUpperCase();
  const value = desc.values.find(
    (each) => each.name === name || (each.name.endsWith(`_${name}`) && each.localName === name),
  );
  if (value !== undefined) return value.name;
  throw expected(path, `one of ${desc.values.map((each) => each.localName).join(", ")}`, JSON.stringify(text));
}

function readJson(text: string, path: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw expected(path, "JSON", JSON.stringify(text));
  }
}
