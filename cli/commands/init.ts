import { spawnSync } from "node:child_process";
import { styleText } from "node:util";
import { extraArgument, installFailed } from "../../lib/errors/command-errors.js";
import { managerOf } from "../deploy/package-manager.js";
import { planInit } from "../init/init.js";
import type { InitPlan } from "../init/plan.js";
import { diff } from "../source/diff.js";
import { type Command, command, UsageError } from "../terminal/command.js";
import { agreed } from "../terminal/question.js";

const help = `twinstate init [flags]

Adds twinstate to the Next app of this folder: packages, compiler options, a first store, the twin and its route, the provider in the root layout, proxy.ts.
It shows what would change, and asks. What is there already stays as it is, so it can be run again. What it does not understand it names, and goes on.

  --yes          change the files without a question
  --dry-run      only show what would change
  --no-install   do not install the packages`;

const flags = {
  yes: { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
  install: { type: "boolean", default: true },
} as const;

export const init: Command = command({ help, flags }, async ({ yes, "dry-run": dryRun, install }, [extra]) => {
  if (extra !== undefined) throw new UsageError(extraArgument(extra));
  const plan = planInit(process.cwd());
  const { changes } = plan;
  show(plan);
  if (changes.length === 0) {
    console.log(plan.byHand.length === 0 ? "Nothing to do: twinstate is in this app." : "\nNothing else is to do.");
    return 0;
  }
  if (dryRun) return 0;
  if (!yes && !(await agreed("Change these files?"))) return 1;
  plan.apply();
  if (install && changes.some(({ path }) => path === "package.json")) installPackages(plan.app.folder);
  console.log(whatNext(plan));
  return 0;
});

const COLORS = { "+": "green", "-": "red", " ": "gray" } as const;

/** Shows the changes as a diff, and then what is left to do by hand. */
function show({ changes, byHand }: InitPlan): void {
  for (const { path, before, after } of changes) {
    console.log(styleText("bold", `${before === undefined ? "new file" : "changes in"} ${path}`));
    for (const { mark, text } of diff(before, after)) console.log(styleText(COLORS[mark], `${mark} ${text}`));
    console.log();
  }
  for (const { where, why, lines } of byHand) {
    console.log(`${styleText("yellow", "By hand")} ${where}: ${why}`);
    if (lines !== undefined) console.log(`\n${lines.trimEnd().replace(/^/gm, "    ")}\n`);
  }
}

/** @throws StateError if the installation fails: the files are written by then */
function installPackages(folder: string): void {
  const manager = managerOf(folder);
  console.log(`\n${manager} install`);
  // Windows runs package managers by scripts, which need a shell.
  const { status, error } = spawnSync(manager, ["install"], { cwd: folder, stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) throw installFailed(`${manager} install`, error);
}

/** How the first store is shown. */
function whatNext({ app, changes }: InitPlan): string {
  const client = changes.find(({ path }) => /(^|\/)client\.ts$/.test(path))?.path;
  if (client === undefined) return "\nDone. `npx twinstate doctor` looks whether all is well.";
  const from = (path: string) => app.tsconfig.specifier(`${app.router}/page.tsx`, path);
  return `
Done. The first store is ${client.replace("client.ts", "counter.ts")}. To show it, write ${app.router}/count.tsx:

    "use client";
    import { useCounter } from "${from(client)}";

    export function Count() {
      const counter = useCounter();
      return <button onClick={() => counter.add(1)}>{counter.count}</button>;
    }

and in a page:

    import { Suspense } from "react";
    import { TwinPreload } from "${from(client)}";
    import { twin } from "${from(client.replace("client.ts", "server.ts"))}";
    import { Count } from "./count";

    <Suspense>
      <Counted />
    </Suspense>

    async function Counted() {
      return <TwinPreload state={await twin.preload({ counter: true })}><Count /></TwinPreload>;
    }

In two windows, it counts in both.`;
}
