// What to try next, for whoever has just started a development server.
import type { ServerUrls } from "./server.ts";

/** Lines for people; nothing in them is meant for programs. */
export function developmentHints(urls: ServerUrls, profile: string): string {
  const service = `${urls.url}/userstatus.v1.UserStatusService`;
  const json = "-H 'Content-Type: application/json'";
  const alice = "-H 'Authorization: Bearer dev:demo:alice'";
  const suite = [
    `--url ${urls.url}`,
    ...(urls.adminUrl === undefined ? [] : [`--admin-url ${urls.adminUrl}`]),
    ...(urls.testingUrl === undefined ? [] : [`--testing-url ${urls.testingUrl}`]),
    "--token-dev",
  ];
  return `
User Status reference server for development: anyone may be anyone. Profile: ${profile}.

What it is:
  curl -s ${service}/GetServerInfo ${json} -d '{}'

Log alice in (the answer has her session id):
  curl -s ${service}/Login ${json} ${alice} -d '{"deviceId":"laptop","platform":"PLATFORM_LINUX"}'

Watch as alice:
  npx buf curl --protocol grpc --http2-prior-knowledge ${alice} -d '{"sessionId":"SESSION_ID"}' ${service}/Watch

Check it against the specification:
  npm run conformance -- ${suite.join(" ")}

`;
}
