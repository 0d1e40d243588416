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
  const major = /^\D*(\d+)/.exec(next)?.[1];
  if (major !== undefined && Number(major) < NEXT) throw oldNext(next);
  const { version, peerDependencies } = ownPackage();
  const wanted = { twinstate: `^${version}`, ...pick(peerDependencies, ["mobx", "@trpc/client", "@trpc/server"]) };
  const json = new JsonText("package.json", plan.read("package.json") as string);
  for (const [name, range] of Object.entries(wanted)) if (app.dependency(name) === undefined) json.set(["dependencies", name], range, true);
  plan.write("package.json", json.text);
}

const pick = (all: Readonly<Record<string, string>>, names: readonly string[]) => Object.fromEntries(names.map((name) => [name, all[name] as string]));
