import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { OnlineStatus, Platform, SubscriptionSchema, type UserStatus, UserStatusSchema } from "@userstatus/protocol";
import { describe, expect, it } from "vitest";
import { deviceIdOf, fromHash, toHash, toUserId } from "./identity.ts";
import { createJournal, rowSentence, statusSentence } from "./journal.ts";
import { fits, serverNow } from "./server-clock.ts";
import { countdown, displayName, durationText, initials, platformName } from "./words.ts";

describe("words", () => {
  it.each([
    [0, "0:00"],
    [1, "0:01"],
    [59_001, "1:00"],
    [272_000, "4:32"],
    [3_600_000, "1 h 00 min"],
    [3_661_000, "1 h 02 min"],
    [90_000_000, "1 d 1 h"],
    [-5_000, "0:00"],
  ])("%d ms left are %s", (ms, text) => expect(countdown(ms)).toBe(text));

  it.each([
    [1_000, "1 second"],
    [90_000, "1 minute"],
    [7_200_000, "2 hours"],
    [604_800_000, "7 days"],
  ])("%d ms are %s", (ms, text) => expect(durationText(ms)).toBe(text));

  it("makes names of ids, and knows platforms of newer servers as other ones", () => {
    expect(displayName("maya.chen")).toBe("Maya Chen");
    expect(initials("anna-lena.von.berg")).toBe("AB");
    expect(displayName("...")).toBe("...");
    expect(platformName(Platform.IOS)).toBe("iPhone");
    expect(platformName(77)).toBe("Other");
  });
});

describe("identity", () => {
  it("stands in the address", () => {
    const identity = { userId: "maya.chen", platform: Platform.IPADOS };
    expect(fromHash(toHash(identity))).toEqual(identity);
    const strange = { userId: "a%b#c", platform: Platform.OTHER };
    expect(fromHash(toHash(strange))).toEqual(strange);
  });

  it.each(["", "#/", "#/maya", "#/maya/nothing", "#/%E0%A4%A/web", `#/${"x".repeat(33)}/web`])(
    "is nobody in %j",
    (hash) => expect(fromHash(hash)).toBeUndefined(),
  );

  it("makes ids of what people type", () => {
    expect(toUserId("  Maya  Chen ")).toBe("maya.chen");
    expect(toUserId("Zoë")).toBeUndefined();
    expect(toUserId("")).toBeUndefined();
  });

  it("is one device per storage and platform", () => {
    const items = new Map<string, string>();
    const storage = {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => items.set(key, value),
    } as unknown as Storage;
    const phone = deviceIdOf({ userId: "a", platform: Platform.IOS }, storage);
    expect(phone).toMatch(/^ios-\w+$/);
    expect(deviceIdOf({ userId: "b", platform: Platform.IOS }, storage)).toBe(phone);
    expect(deviceIdOf({ userId: "a", platform: Platform.WEB }, storage)).toBe(phone.replace("ios", "web"));
  });
});

describe("journal", () => {
  const status = (text: string, onlineStatus: OnlineStatus, onlinePlatforms: Platform[] = []): UserStatus =>
    create(UserStatusSchema, { userId: "maya.chen", onlineStatus, onlinePlatforms, customStatus: { text } });
  const sentence = (status: UserStatus, previous: UserStatus): string | undefined =>
    statusSentence({ userId: "maya.chen", status, previous });

  it("tells what a person would call a change", () => {
    const before = status("Lunch", OnlineStatus.ONLINE, [Platform.WEB]);
    expect(sentence(status("", OnlineStatus.OFFLINE), before)).toBe("Maya Chen is offline and has no text any more");
    expect(sentence(status("Back", OnlineStatus.ONLINE, [Platform.WEB, Platform.IOS]), before)).toBe(
      "Maya Chen is on Web, iPhone and says “Back”",
    );
    expect(sentence(before, before)).toBeUndefined();
    expect(statusSentence({ userId: "maya.chen", status: before, previous: undefined })).toBeUndefined();
  });

  it("tells rows with how long they last", () => {
    const subscription = create(SubscriptionSchema, {
      userId: "maya.chen",
      expireTime: timestampFromMs(3_600_000),
      refreshTime: timestampFromMs(0),
    });
    expect(rowSentence({ subscription, previous: undefined })).toBe("Subscribed to Maya Chen for 1 hour");
    expect(rowSentence({ subscription, previous: subscription })).toBe("Renewed Maya Chen for 1 hour");
  });

  it("goes on from earlier entries, and keeps 200", () => {
    const earlier = createJournal([], () => 1);
    earlier.add("link", "Logged in");
    earlier.add("link", undefined);
    const journal = createJournal(earlier.entries(), () => 2);
    for (let at = 0; at < 200; at += 1) journal.add("status", `change ${at}`);
    expect(journal.entries()).toHaveLength(200);
    expect(journal.entries()[0]).toEqual({ id: 2, atMs: 2, kind: "status", text: "change 0" });
  });
});

describe("the server's clock", () => {
  it("runs on between readings, or stands still", () => {
    const running = { serverMs: 1_000_000, atMs: 50_000, stopped: false };
    expect(serverNow(running, 53_000)).toBe(1_003_000);
    expect(serverNow({ ...running, stopped: true }, 53_000)).toBe(1_000_000);
  });

  it("is read anew when a told time does not fit", () => {
    const running = { serverMs: 1_000_000, atMs: 50_000, stopped: false };
    expect(fits(running, 1_003_400, 53_000)).toBe(true);
    expect(fits(running, 1_000_000, 53_000)).toBe(false);
    expect(fits({ ...running, stopped: true }, 1_000_000, 99_000)).toBe(true);
    expect(fits({ ...running, stopped: true }, 1_060_000, 53_000)).toBe(false);
  });
});
