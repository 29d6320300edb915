// The report as text: ProtoJSON of userstatus.conformance.v1.Report, with every field, so that a reader need not know defaults.
import { fromJsonString, toJson } from "@bufbuild/protobuf";
import { ReportSchema } from "@userstatus/protocol/conformance";
import { fromMessage, toMessage, UnreadableReport } from "./message.ts";
import type { Report } from "./model.ts";

export function toJsonText(report: Report): string {
  const json = toJson(ReportSchema, toMessage(report), { alwaysEmitImplicit: true });
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** Reads what `toJsonText` wrote; fields of a later suite are ignored. Throws UnreadableReport. */
export function fromJsonText(text: string): Report {
  try {
    return fromMessage(fromJsonString(ReportSchema, text, { ignoreUnknownFields: true }));
  } catch (error) {
    if (error instanceof UnreadableReport) throw error;
    throw new UnreadableReport(error instanceof Error ? error.message : String(error));
  }
}
