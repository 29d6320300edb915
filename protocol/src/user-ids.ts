// Syntax of user and device ids (SPEC §3: id-user, id-device).

/** Most bytes of a user id. */
export const userIdMaxBytes = 32;
/** Most bytes of a device id. */
export const deviceIdMaxBytes = 64;

const idPattern = /^[A-Za-z0-9!#$%&()+\-:;<=.>?@[\]^_{}|~]+$/;

/** Whether this is a well-formed user id. */
export function isUserId(id: string): boolean {
  return id.length <= userIdMaxBytes && idPattern.test(id);
}

/** Whether this is a well-formed device id. */
export function isDeviceId(id: string): boolean {
  return id.length <= deviceIdMaxBytes && idPattern.test(id);
}
