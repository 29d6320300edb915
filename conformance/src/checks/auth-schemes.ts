// Checks of SPEC §3, the Authorization header below the method: what counts as no token.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GetServerInfoRequestSchema, GetServerInfoResponseSchema, HeartbeatRequestSchema } from "@userstatus/protocol";
import { ErrorInfoSchema } from "@userstatus/protocol/rpc";
import type { Bench, Check } from "../check.ts";
import { type Answer, methodPath, textOfBody } from "./lib/a-http.ts";

/** Values of the header that count as no token. */
function noTokens(token: string): readonly string[] {
  return [`Basic ${token}`, `Token ${token}`, `DPoP ${token}`, "Bearer", "Bearer "];
}

/** The value in words, without the token. */
function named(authorization: string, token: string): string {
  return JSON.stringify(authorization.replace(token, "TOKEN"));
}

function call(t: Bench, method: string, authorization: string, body: Uint8Array): Promise<Answer> {
  const headers = { "content-type": "application/proto", "connect-protocol-version": "1", authorization };
  return t.wire.http({ method: "POST", path: methodPath(method), headers, body });
}

/** The reason in the ErrorInfo of a Connect error, as it stands in the body of an answer. */
function connectReason(body: string): string | undefined {
  const details: readonly { type: string; value: string }[] = JSON.parse(body).details ?? [];
  const info = details.find(({ type }) => type === ErrorInfoSchema.typeName);
  return info && fromBinary(ErrorInfoSchema, Buffer.from(info.value, "base64")).reason;
}

export const authSchemeChecks: readonly Check[] = [
  {
    id: "auth-missing/another-scheme",
    title:
      "A token by another scheme than Bearer counts as none, and so does an empty one; Bearer is good in any case of its letters",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      const session = await t.session();
      const token = await session.user.token();
      const body = toBinary(HeartbeatRequestSchema, create(HeartbeatRequestSchema, { sessionId: session.id }));
      for (const scheme of ["Bearer", "bearer", "BEARER", "bEaReR"]) {
        const { status } = await call(t, "Heartbeat", `${scheme} ${token}`, body);
        t.equal(status, 200, `HTTP status of Heartbeat with the token as ${scheme}`);
      }
      for (const authorization of noTokens(token)) {
        const answer = await call(t, "Heartbeat", authorization, body);
        const what = `Heartbeat with Authorization: ${named(authorization, token)}`;
        t.equal(answer.status, 401, `HTTP status of ${what}`);
        t.equal(connectReason(textOfBody(answer.body)), "TOKEN_MISSING", `Reason of the refusal of ${what}`);
      }
    },
  },
  {
    id: "info-open/another-scheme",
    title: "GetServerInfo is answered with what counts as no token: another scheme than Bearer, and an empty token",
    claims: ["transport.connect"],
    run: async (t: Bench) => {
      const token = await (await t.user()).token();
      const body = toBinary(GetServerInfoRequestSchema, create(GetServerInfoRequestSchema));
      for (const authorization of noTokens(token)) {
        const answer = await call(t, "GetServerInfo", authorization, body);
        const what = `GetServerInfo with Authorization: ${named(authorization, token)}`;
        t.equal(answer.status, 200, `HTTP status of ${what}`);
        const { profile } = fromBinary(GetServerInfoResponseSchema, answer.body);
        t.ok((profile?.name ?? "") !== "", `${what} gives a profile with a name`, profile?.name);
      }
    },
  },
];
