import { styleText } from "node:util";
import { extraArgument } from "../../lib/errors/command-errors.js";
import { examine } from "../doctor/examination.js";
import { type Command, command, UsageError } from "../terminal/command.js";

const help = `twinstate doctor [--json]

Looks at the Next app of this folder for what would go wrong: compiler options, packages, provider, route, proxy, server code in the browser's bundle,
secrets, storage, shutdown. It names each fault with its place and the fix, and ends with code 1 if there is one. It changes nothing.

  --json   for programs: { "checks": 19, "faults": [{ "check", "where", "what", "fix" }] }`;

export const doctor: Command = command({ help, flags: { json: { type: "boolean", default: false } } }, async ({ json }, [extra]) => {
  if (extra !== undefined) throw new UsageError(extraArgument(extra));
  const examination = examine(process.cwd());
  const { checks, faults } = examination;
  if (json) console.log(JSON.stringify(examination, null, 2));
  else {
    for (const { where, what, fix } of faults)
      console.log(`${styleText("red", "✗")} ${styleText("bold", where)}\n  ${what}\n  ${styleText("green", "Fix:")} ${fix}\n`);
    console.log(faults.length === 0 ? `All is well: ${checks} checks.` : `${faults.length} ${faults.length === 1 ? "fault" : "faults"} in ${checks} checks.`);
  }
  return faults.length > 0 ? 1 : 0;
});
