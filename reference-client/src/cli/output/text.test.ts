import { describe, expect, it } from "vitest";
import { displayWidth, pad, printable, tableLines } from "./text.ts";

describe("text for terminals", () => {
  it("shows what would act on the terminal", () => {
    expect(printable("a\u001b[2Jb")).toBe("a\\u{1b}[2Jb");
    expect(printable("line\nline\ttab")).toBe("line\\nline\\ttab");
    expect(printable("\u202eright to left\u200b")).toBe("\\u{202e}right to left\\u{200b}");
    expect(printable("\u009b31m")).toBe("\\u{9b}31m");
    expect(printable("déjà vu 🍜 — 午餐")).toBe("déjà vu 🍜 — 午餐");
  });

  it("measures wide characters and composed ones", () => {
    expect(displayWidth("abc")).toBe(3);
    expect(displayWidth("午餐")).toBe(4);
    expect(displayWidth("🍜")).toBe(2);
    expect(displayWidth("👩‍👩‍👧‍👦")).toBe(2);
    expect(displayWidth("e\u0301")).toBe(1);
    expect(pad("午", 4)).toBe("午  ");
    expect(pad("toolong", 3)).toBe("toolong");
  });

  it("aligns columns", () => {
    expect(
      tableLines(
        ["USER", "TEXT", "X"],
        [
          ["bob", "午餐", "1"],
          ["alexandra", "hi", ""],
        ],
      ),
    ).toEqual(["USER       TEXT  X", "bob        午餐  1", "alexandra  hi"]);
  });
});
