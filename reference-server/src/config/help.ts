// The text of --help, from the table of options.
import { envName, type OptionSpec, optionGroups } from "./options.ts";

const indent = 4;
const widthMax = 100;

export function helpText(): string {
  const lines = [
    "userstatus-server: reference server of the User Status Protocol",
    "",
    "Usage: userstatus-server [OPTIONS]",
    "",
    "Try it:      userstatus-server --dev",
    "Run it:      userstatus-server --jwt-secret-file FILE --profile standard",
    "",
    "Each option is also read from the environment, as --keep-alive from USERSTATUS_KEEP_ALIVE, and from the file of",
    "--config. A flag holds before the environment, and that before the file.",
  ];
  for (const group of optionGroups) {
    lines.push("", `${group.title}:`);
    for (const spec of group.options) lines.push(...optionLines(spec));
  }
  return `${lines.join("\n")}\n`;
}

function optionLines(spec: OptionSpec): string[] {
  const head = `  --${spec.name}${spec.value === undefined ? "" : ` ${spec.value}`}`;
  const notes = [
    ...(spec.choices === undefined ? [] : [`One of: ${spec.choices.join(", ")}.`]),
    ...(spec.fallback === undefined ? [] : [`Default: ${spec.fallback}.`]),
    ...(spec.separator === undefined ? [] : [`In ${envName(spec.name)} separated by "${spec.separator}".`]),
  ];
  return [head, ...wrap([spec.help, ...notes].join(" "))];
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > widthMax) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => " ".repeat(indent) + each);
}
