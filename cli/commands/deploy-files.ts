import { extraArgument } from "../../lib/errors/command-errors.js";
import { changesOf, deployFiles, deployOptions, refuseChanged } from "../deploy/deploy-files.js";
import { writeWhole } from "../source/whole-files.js";
import { type Command, command, UsageError } from "../terminal/command.js";
import { agreed } from "../terminal/question.js";

const help = `twinstate deploy-files [compose | systemd] [flags]

Writes the files that bring the app of this folder onto a machine: containers (compose, the default) or services, and the proxy in front of them.
It shows what it is about to write, and asks. Files that have other text are left alone.

  --proxy caddy|nginx   the proxy in front of the app (default: caddy)
  --nodes <n>           how many processes serve the app (default: 1)
  --websocket           the app runs by a server of its own, so that streams can be WebSockets; --no-websocket: it does not. The default: if it has one
  --yes                 write without a question
  --force               replace files that have other text`;

const flags = {
  websocket: { type: "boolean" },
  proxy: { type: "string", default: "caddy" },
  nodes: { type: "string", default: "1" },
  yes: { type: "boolean", default: false },
  force: { type: "boolean", default: false },
} as const;

const MARKS = { new: "+", same: "=", changed: "!" } as const;

export const deploy: Command = command({ help, flags }, async ({ proxy, nodes, websocket, yes, force }, [target = "compose", extra]) => {
  if (extra !== undefined) throw new UsageError(extraArgument(extra));
  const folder = process.cwd();
  const { files, lacks } = deployFiles(folder, deployOptions({ target, proxy, nodes, websocket }));
  const changes = changesOf(folder, files);
  for (const [path, change] of changes) console.log(`${MARKS[change]} ${path}${change === "same" ? " (as it is)" : ""}`);
  if (!force) refuseChanged(changes);
  if ([...changes.values()].some((change) => change !== "same")) {
    if (!yes && !(await agreed("Write these files?"))) return 1;
    writeWhole(folder, files);
  }
  console.log(["", "Still to do:", ...lacks.map((line) => `- ${line}`)].join("\n"));
  return 0;
});
