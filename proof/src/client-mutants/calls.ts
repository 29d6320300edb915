// Defects in what is called, for which session and by whose wish.
import type { ClientMutant } from "./mutant.ts";

export const callMutants: readonly ClientMutant[] = [
  {
    id: "client-session/device-each-time",
    defect: "each login makes a device id of its own",
    file: "session.ts",
    find: "const request = { deviceId, platform, ",
    replace: 'const request = { deviceId: "device-" + Math.random(), platform, ',
  },
  {
    id: "client-session/first-session",
    defect: "calls carry the id of the first login for ever",
    file: "client.ts",
    find: "current: (signal) => this.#session.current(signal),",
    replace: "current: async (signal) => (this.firstId ??= await this.#session.current(signal)),",
  },
  {
    id: "client-session/logout-without-token",
    defect: "Logout carries no token",
    file: "session.ts",
    find: "service.logout({ sessionId }, call)",
    replace: "service.logout({ sessionId }, { ...call, headers: {} })",
  },
  {
    id: "client-session/no-logout",
    defect: "a logout only closes the stream",
    file: "session.ts",
    find: "      const answer = await rpc.call((service, call) => service.logout({ sessionId }, call), signal);\n      onSelf(answer.epoch, answer.self);\n",
    replace: "",
  },
  {
    id: "client-session/close-logs-out",
    defect: "who only closes it is logged out",
    file: "link.ts",
    find: '    this.#finish(run, this.state === "CONNECTING" ? "LOGIN_ABORTED" : "CLOSED", endedByCaller());\n',
    replace:
      '    await this.#options.session.logOut(undefined).catch(() => {});\n    this.#finish(run, this.state === "CONNECTING" ? "LOGIN_ABORTED" : "CLOSED", endedByCaller());\n',
  },
  {
    id: "client-session/beats-on",
    defect: "heartbeats go on when the session is left",
    file: "session.ts",
    find: "    this.heartbeat.stop();\n",
    replace:
      "    const { rpc } = this.#options;\n    const sessionId = this.lastId;\n    setInterval(() => rpc.call((service, call) => service.heartbeat({ sessionId }, call)).catch(() => {}), 400);\n",
  },
  {
    id: "client-asked/subscribes-again",
    defect: "whenever a stream has begun it subscribes to all whom it was subscribed to",
    file: "client.ts",
    find: "    return await this.#calls.subscribe(checkUserIds(userIds), checkTtlMs(control.ttlMs), control);\n",
    replace:
      '    const ids = checkUserIds(userIds);\n    this.on("watchOpened", () => void this.#calls.subscribe(ids, undefined, {}).catch(() => {}));\n    return await this.#calls.subscribe(ids, checkTtlMs(control.ttlMs), control);\n',
  },
  {
    id: "client-asked/text-again",
    defect: "whenever a stream has begun it sets the text that was set last",
    file: "client.ts",
    find: "    return await this.#calls.setCustomStatus(text, checkTtlMs(control.ttlMs), control);\n",
    replace:
      '    this.on("watchOpened", () => void this.#calls.setCustomStatus(text, undefined, {}).catch(() => {}));\n    return await this.#calls.setCustomStatus(text, checkTtlMs(control.ttlMs), control);\n',
  },
  {
    id: "client-calls/again-soon",
    defect: "a call whose rate is used up is made again soon, whatever RetryInfo says",
    file: "session-calls.ts",
    find: '} else if (error.reason === "RATE_LIMITED" && control.waitWhenLimited === true && waits < rateRetriesMax) {\n          waits += 1;\n          await delay(scheduler, error.retryAfterMs ?? 1_000,',
    replace:
      '} else if (error.reason === "RATE_LIMITED" && waits < rateRetriesMax) {\n          waits += 1;\n          await delay(scheduler, 200,',
  },
  {
    id: "client-calls/failures-untold",
    defect: "users who failed are told as done",
    file: "results.ts",
    find: 'if (result.result.case !== "subscribed") return { ok: false, userId, error: toRefusal(result.result.value) };',
    replace: 'if (result.result.case !== "subscribed") return { ok: true, userId };',
  },
  {
    id: "client-calls/one-fails-all",
    defect: "a user who failed makes the whole batch fail",
    file: "answer-sink.ts",
    find: "      const outcomes = answer.results.map(toSubscribeOutcome);\n",
    replace:
      '      const outcomes = answer.results.map(toSubscribeOutcome);\n      if (outcomes.some(({ ok }) => !ok)) throw new Error("somebody failed");\n',
  },
  {
    id: "client-unknown/claim-refused",
    defect: "a claim that it does not know makes the login fail",
    file: "client.ts",
    find: "        this.#serverInfo = info;\n",
    replace:
      '        if (info.claims.some((claim) => claim.includes("tomorrow"))) throw new Error("what is this?");\n        this.#serverInfo = info;\n',
  },
];
