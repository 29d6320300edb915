// Names of enum numbers, for people.
import { OnlineStatus, Platform, SubscriptionEndReason, WatchEndReason } from "@userstatus/protocol";

function namer(of: Readonly<Record<string, number>>): (value: number) => string {
  const names = new Map(Object.entries(of).map(([name, value]) => [value, name]));
  return (value) => names.get(value) ?? `number ${value}`;
}

export const onlineName: (value: number) => string = namer(OnlineStatus);
export const platformName: (value: number) => string = namer(Platform);
export const watchEndName: (value: number) => string = namer(WatchEndReason);
export const rowEndName: (value: number) => string = namer(SubscriptionEndReason);
