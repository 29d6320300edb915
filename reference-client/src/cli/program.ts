// The commands, flags and help texts.
import { Command, Option } from "commander";
import { wireProtocols } from "../node.ts";
import {
  listCommand,
  queryCommand,
  type SetFlags,
  type SubscribeFlags,
  setCommand,
  subscribeCommand,
  type UnsubscribeFlags,
  unsubscribeCommand,
} from "./commands/calls.ts";
import { infoCommand } from "./commands/info.ts";
import { type LoginFlags, loginCommand } from "./commands/login.ts";
import { type WatchFlags, watchCommand } from "./commands/watch.ts";
import { type Context, createContext, platformNames, type SharedFlags } from "./context.ts";
import { exitCodes, UsageError } from "./failure.ts";
import type { Io } from "./io.ts";
import type { OneShotFlags } from "./one-shot.ts";

/** Takes the exit code of the command that ran. */
export type Finish = (exitCode: number) => void;

type Run<Flags> = (context: Context, args: readonly string[], flags: Flags) => Promise<number>;

/** The program, ready to parse. Wrong usage throws a CommanderError. */
export function createProgram(io: Io, finish: Finish): Command {
  const program = sharedFlags(new Command("userstatus"), io)
    .description("Online status and custom status of users, over the User Status Protocol.")
    .exitOverride()
    .showHelpAfterError()
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) })
    .addHelpText("after", overview);

  /** An action that has its context, and whose UsageErrors print the usage of its command. */
  const action =
    <Flags>(run: Run<Flags>) =>
    async (...all: unknown[]): Promise<void> => {
      const command = all.at(-1) as Command;
      try {
        const context = createContext(command.optsWithGlobals<SharedFlags>(), io);
        finish(await run(context, command.args, command.opts() as Flags));
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        command.error(`error: ${error.message}`, { exitCode: exitCodes.usage, code: "userstatus.usage" });
      }
    };

  sessionCommands(program, action);
  batchCommands(program, action);
  program
    .command("info")
    .description("show what the server is: claims, profile, limits, rates. Needs no token")
    .addHelpText("after", examples("userstatus info", "userstatus info --json | jq .profile.rateLimits"))
    .action(action((context) => infoCommand(context, isIdentified(program.opts(), io))));
  return program;
}

type Action = <Flags>(run: Run<Flags>) => (...all: unknown[]) => Promise<void>;

function sharedFlags(program: Command, { env }: Io): Command {
  return program
    .option("--url <url>", "address of the server (env: USERSTATUS_URL)", env.USERSTATUS_URL || "http://127.0.0.1:8080")
    .option("--app <app>", "development identity: the app; the server must run in development mode")
    .option("--user <user>", "development identity: the user")
    .option("--token <token>", "bearer token (env: USERSTATUS_TOKEN, which other users of the machine don't see)")
    .option("--token-command <command>", "shell command that prints a token; run anew when the token runs out")
    .addOption(new Option("--protocol <protocol>", "wire protocol").choices(wireProtocols).default("connect"))
    .addOption(
      new Option("--platform <platform>", "what this is said to run on (default: this machine's)").choices(
        platformNames,
      ),
    )
    .option("--device <id>", "device id; the same id is the same session (default: cli)")
    .option("--json", "one JSON object per line, with stable keys")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help");
}

function sessionCommands(program: Command, action: Action): void {
  program
    .command("login")
    .description("log in, stay logged in until Ctrl-C, then log out; prints what happens")
    .option("--once", "print the session id and leave; the session lasts as long as its lease")
    .option("--status <text>", "custom status to set with the login")
    .option("--status-ttl <duration>", "how long it holds, such as 30m")
    .addHelpText(
      "after",
      examples(
        "userstatus --app demo --user alice login",
        'userstatus --app demo --user alice login --status "on call" --status-ttl 8h',
      ),
    )
    .action(action<LoginFlags>((context, _args, flags) => loginCommand(context, flags)));
  program
    .command("set")
    .description("set the custom status")
    .argument("[text]", "the text")
    .option("--ttl <duration>", "how long it holds, such as 30m, 1h30m, 2d (default: the profile's)")
    .option("--clear", "clear it")
    .option("--logout", "log out afterwards")
    .addHelpText(
      "after",
      examples(
        'userstatus --app demo --user alice set "at lunch" --ttl 1h',
        "userstatus --app demo --user alice set --clear",
      ),
    )
    .action(action<SetFlags>((context, [text], flags) => setCommand(context, text, flags)));
  program
    .command("watch")
    .description("print changes of subscribed users (and visible friends) as they happen, until Ctrl-C")
    .argument("[users...]", "users to subscribe to first")
    .option("--ttl <duration>", "how long their subscriptions hold (default: as long as this runs)")
    .addHelpText(
      "after",
      examples(
        "userstatus --app demo --user alice watch bob carol",
        "userstatus --app demo --user alice watch --json | jq -c 'select(.event == \"statusChanged\")'",
      ),
    )
    .action(action<WatchFlags>((context, args, flags) => watchCommand(context, args, flags)));
}

function batchCommands(program: Command, action: Action): void {
  program
    .command("query")
    .description("show statuses as they are now")
    .argument("<users...>", "users")
    .option("--logout", "log out afterwards")
    .addHelpText("after", examples("userstatus --app demo --user alice query bob carol"))
    .action(action<OneShotFlags>((context, args, flags) => queryCommand(context, args, flags)));
  program
    .command("subscribe")
    .description("subscribe to users: their changes reach every `watch` of yours")
    .argument("<users...>", "users")
    .option("--ttl <duration>", "how long the subscriptions hold (default: the profile's)")
    .option("--logout", "log out afterwards")
    .addHelpText("after", examples("userstatus --app demo --user alice subscribe bob --ttl 7d"))
    .action(action<SubscribeFlags>((context, args, flags) => subscribeCommand(context, args, flags)));
  program
    .command("unsubscribe")
    .description("end subscriptions")
    .argument("[users...]", "users")
    .option("--all", "end all of them")
    .option("--logout", "log out afterwards")
    .addHelpText(
      "after",
      examples(
        "userstatus --app demo --user alice unsubscribe bob",
        "userstatus --app demo --user alice unsubscribe --all",
      ),
    )
    .action(action<UnsubscribeFlags>((context, args, flags) => unsubscribeCommand(context, args, flags)));
  program
    .command("list")
    .description("list your subscriptions, with the statuses")
    .argument("[users...]", "only these")
    .option("--logout", "log out afterwards")
    .addHelpText(
      "after",
      examples("userstatus --app demo --user alice list", "userstatus --app demo --user alice list --json bob"),
    )
    .action(action<OneShotFlags>((context, args, flags) => listCommand(context, args, flags)));
}

function isIdentified(flags: SharedFlags, { env }: Io): boolean {
  const given = [flags.token, flags.tokenCommand, flags.app, flags.user, env.USERSTATUS_TOKEN || undefined];
  return given.some((value) => value !== undefined);
}

function examples(...lines: readonly string[]): string {
  const shared = "Flags of all commands (--url, --app, --user, --token, --json and more): userstatus --help";
  return `\n${shared}\n\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

const overview = `
Commands that make one call log in first if need be, and leave the login for the next command: to others, you are online until the
lease ends (--logout ends it at once). While \`login\` runs in another window they use its session.

Examples:
  userstatus info                                      what is this server?
  userstatus --app demo --user alice login             be online until Ctrl-C
  userstatus --app demo --user alice set "at lunch"    say how you are
  userstatus --app demo --user bob watch alice         see it

Exit codes: 0 done; 1 refused, wholly or for one of the users (reason on stderr); 2 wrong usage; 4 server not reached;
130 interrupted before it was done.`;
