// The published profiles of proto/profiles, as messages.
import { fromJson } from "@bufbuild/protobuf";
import { profileData } from "./data/profiles.gen.ts";
import { type Profile, ProfileSchema } from "./gen/userstatus/v1/profile_pb.ts";

/** Names of the published profiles: ours first, then the vendors'. */
export const profileNames: readonly string[] = [
  "standard",
  "zim",
  "tencent-native",
  "tencent-unity",
  "tencent-web",
  "tencent-web-v2",
];

/** A fresh copy of a published profile; undefined for a name that is none. */
export function publishedProfile(name: string): Profile | undefined {
  const data = Object.hasOwn(profileData, name) ? profileData[name] : undefined;
  return data === undefined ? undefined : fromJson(ProfileSchema, data);
}
