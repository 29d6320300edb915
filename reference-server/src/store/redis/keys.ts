// Names in Redis. Everything of one user lies in one slot of a cluster: his bucket's hash tag comes first.
import { crc32 } from "node:zlib";

/** Few enough that each can be looked after in turn, enough to spread over the masters of a cluster. Part of the data format. */
export const bucketCount = 16;

/** One text for a user of an app; ids have no line ends. */
export function userKey(appId: string, userId: string): string {
  return `${appId}\n${userId}`;
}

export function splitUserKey(key: string): { appId: string; userId: string } {
  const at = key.indexOf("\n");
  return { appId: key.slice(0, at), userId: key.slice(at + 1) };
}

export function bucketOf(user: string): number {
  return crc32(user) % bucketCount;
}

/** Around the app's id, in the name of its channel. */
export const appPrefix = "{us:app:";
export const appSuffix = "}:c";

const tag = (bucket: number): string => `{us:${bucket}}`;

export const keys = {
  record: (user: string): string => `${tag(bucketOf(user))}:u:${user}`,
  /** Admitted calls of a user and procedure. */
  rate: (user: string, procedure: string): string => `${tag(bucketOf(user))}:r:${user}\n${procedure}`,
  /** Users of a bucket by due time. */
  due: (bucket: number): string => `${tag(bucket)}:due`,
  /** The same of one app: only where there is a test clock. */
  appDue: (bucket: number, appId: string): string => `${tag(bucket)}:due:${appId}`,
  /** The bucket's last change number. */
  seq: (bucket: number): string => `${tag(bucket)}:seq`,
  /** Its last change numbers, the newest last. */
  log: (bucket: number): string => `${tag(bucket)}:log`,
  app: (appId: string): string => `${appPrefix}${appId}}`,
  userChannel: (user: string): string => `${tag(bucketOf(user))}:c:${user}`,
  appChannel: (appId: string): string => `${appPrefix}${appId}${appSuffix}`,
  /** Answers to what a node asked. */
  nodeChannel: (node: string): string => `{us:node:${node}}:c`,
} as const;
