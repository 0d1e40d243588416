import { oldNext } from "../../lib/errors/command-errors.js";
import { ownPackage } from "../app/own-package.js";
import { JsonText } from "../source/json-edit.js";
import type { InitPlan } from "./plan.js";

/** The first version of Next that twinstate works with. */
const NEXT = 16;

/** Adds the packages that an app needs to its `package.json`: those that it lacks. */
export function addPackages(plan: InitPlan): void {
  const { app } = plan;
  const next = app.dependency("next") as string;
  if (majorOf(next) < NEXT) throw oldNext(next);
  const { version, peerDependencies } = ownPackage();
  const wanted = { twinstate: `^${version}`, ...pick(peerDependencies, ["mobx", "@trpc/client", "@trpc/server"]) };
  const json = new JsonText("package.json", plan.read("package.json") as string);
  for (const [name, range] of Object.entries(wanted)) {
    const own = app.dependency(name);
    if (own === undefined) json.set(["dependencies", name], range, true);
    else if (majorOf(own) < majorOf(range))
      plan.byHand.push({
        where: "package.json",
        why: `it has \`${name}\` ${own}, and twinstate needs ${range}. Bring your code there, and:`,
        lines: `"${name}": "${range}"`,
      });
  }
  plan.write("package.json", json.text);
}

/** The first number of a range. One without numbers, such as `latest`, may be any version. */
const majorOf = (range: string): number => Number(/\d+/.exec(range)?.[0] ?? Infinity);

const pick = (all: Readonly<Record<string, string>>, names: readonly string[]) => Object.fromEntries(names.map((name) => [name, all[name] as string]));
