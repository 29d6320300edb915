// Whether a message is valid for its schema beyond what decoding already tells: its text is Unicode, and every Timestamp and Duration is one that
// ProtoJSON can say (SPEC §3: message-valid). Pure.
import { type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";

/** What is wrong first, with its place; undefined if nothing is. */
export function schemaFault(schema: DescMessage, message: Message): string | undefined {
  if (schema.typeName === TimestampSchema.typeName) return timestampFault(message as Timestamp);
  if (schema.typeName === DurationSchema.typeName) return durationFault(message as Duration);
  for (const field of lookedAt(schema)) {
    const fault = fieldFault(field, valueIn(field, message));
    if (fault !== undefined) return `${field.jsonName}${fault}`;
  }
  return undefined;
}

const known = new WeakMap<DescMessage, readonly DescField[]>();

/** Fields that can be wrong, so that the others cost nothing. */
function lookedAt(schema: DescMessage): readonly DescField[] {
  const found = known.get(schema) ?? schema.fields.filter((field) => field.message || isText(field));
  known.set(schema, found);
  return found;
}

function isText(field: DescField): boolean {
  return (field.fieldKind === "scalar" || field.fieldKind === "list") && field.scalar === ScalarType.STRING;
}

function valueIn(field: DescField, message: Message): unknown {
  const fields = message as unknown as Record<string, unknown>;
  if (field.oneof === undefined) return fields[field.localName];
  const chosen = fields[field.oneof.localName] as { case?: string; value?: unknown } | undefined;
  return chosen?.case === field.localName ? chosen.value : undefined;
}

/** The fault with what leads to it inside the field. */
function fieldFault(field: DescField, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (field.fieldKind === "list") {
    for (const [at, each] of (value as unknown[]).entries()) {
      const fault = oneFault(field.message, each);
      if (fault !== undefined) return `[${at}]${fault}`;
    }
    return undefined;
  }
  if (field.fieldKind === "map") {
    for (const [key, each] of Object.entries(value as Record<string, unknown>)) {
      const fault = oneFault(field.message, each);
      if (fault !== undefined) return `[${JSON.stringify(key)}]${fault}`;
    }
    return undefined;
  }
  return oneFault(field.message, value);
}

function oneFault(schema: DescMessage | undefined, value: unknown): string | undefined {
  if (schema === undefined) return typeof value === "string" && loneSurrogate.test(value) ? ": not Unicode" : undefined;
  const fault = schemaFault(schema, value as Message);
  if (fault === undefined) return undefined;
  return isTime(schema) ? `: ${fault}` : `.${fault}`;
}

function isTime({ typeName }: DescMessage): boolean {
  return typeName === TimestampSchema.typeName || typeName === DurationSchema.typeName;
}

const loneSurrogate = /\p{Surrogate}/u;
const nanosMax = 999_999_999;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const secondsMin = -62_135_596_800n;
const secondsMax = 253_402_300_799n;
/** About 10,000 years. */
const durationMax = 315_576_000_000n;

function timestampFault({ seconds, nanos }: Timestamp): string | undefined {
  if (seconds < secondsMin || seconds > secondsMax) return `a Timestamp of ${seconds} s is outside the years 1 to 9999`;
  if (nanos < 0 || nanos > nanosMax) return `a Timestamp with ${nanos} nanos; 0 to ${nanosMax} are allowed`;
  return undefined;
}

function durationFault({ seconds, nanos }: Duration): string | undefined {
  if (seconds < -durationMax || seconds > durationMax) return `a Duration of ${seconds} s is beyond 10,000 years`;
  if (Math.abs(nanos) > nanosMax) return `a Duration with ${nanos} nanos; at most ${nanosMax} are allowed`;
  if ((seconds > 0n && nanos < 0) || (seconds < 0n && nanos > 0))
    return "a Duration whose seconds and nanos differ in sign";
  return undefined;
}
