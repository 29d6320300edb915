// Each row on disk carries a checksum of its cells: a page that went bad is found when it is read, at the start, and not believed.
import { crc32 } from "node:zlib";
import type { Cell } from "./batch.ts";

/** CRC-32 of cells, those from `at` on. */
export function checksum(cells: readonly Cell[], at: number, count: number): number {
  let text = "";
  for (let end = at + count; at < end; at++) text += `${cells[at]}\n`;
  return crc32(text);
}
