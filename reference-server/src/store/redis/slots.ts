// Slots of a Redis Cluster: which one a key has, and what `CLUSTER SLOTS` says of their masters. Pure.

export const slotCount = 16_384;
const polynomial = 0x1021;

const table: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ polynomial : crc << 1) & 0xffff;
  return crc;
});

/** The slot of a key, or sharded channel, by its hash tag where it has one (CRC-16/XMODEM). */
export function slotOf(key: string): number {
  const from = key.indexOf("{");
  const to = from < 0 ? -1 : key.indexOf("}", from + 1);
  const hashed = to > from + 1 ? key.slice(from + 1, to) : key;
  let crc = 0;
  for (const byte of Buffer.from(hashed)) crc = ((crc << 8) ^ (table[((crc >> 8) ^ byte) & 0xff] ?? 0)) & 0xffff;
  return crc % slotCount;
}

/** Address of the master of each slot, `HOST:PORT`; empty: nobody has it. */
export type SlotMap = readonly string[];

/** @param asked host that was asked, which stands for one that the answer leaves out */
export function slotMapOf(answer: unknown, asked: string): SlotMap {
  const map = new Array<string>(slotCount).fill("");
  for (const [first, last, [host, port]] of answer as [number, number, [string | null, number]][]) {
    const isKnown = host !== null && host !== "" && host !== "?";
    map.fill(addressOf(isKnown ? host : asked, Number(port)), Number(first), Number(last) + 1);
  }
  return map;
}

export function addressOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
