// Who calls: put into the context of each call by the authentication gate.
import { type ContextKey, createContextKey } from "@connectrpc/connect";

/** What a good token says. */
export interface Identity {
  readonly appId: string;
  /** `admin`: the app's backend; it has no user. */
  readonly role: "user" | "admin";
  /** Empty for the role `admin`. */
  readonly userId: string;
  /** When the token runs out, wall time in milliseconds; null: never. */
  readonly expiresAtMs: number | null;
}

/** Undefined only in GetServerInfo without a token. */
export const identityKey: ContextKey<Identity | undefined> = createContextKey<Identity | undefined>(undefined, {
  description: "identity of the caller",
});
