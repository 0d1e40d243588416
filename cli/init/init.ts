import { noRouter, twinElsewhere } from "../../lib/errors/command-errors.js";
import { NextApp } from "../app/next-app.js";
import { signalExits } from "../app/signals.js";
import { twinFiles } from "../app/twin-files.js";
import { setCompilerOptions } from "./compiler-options.js";
import { ignoreFiles } from "./ignored.js";
import { wrapLayouts } from "./layout.js";
import { addPackages } from "./manifest.js";
import { addModules } from "./new-files.js";
import { InitPlan } from "./plan.js";
import { addProxy } from "./proxy.js";

/**
 * Plans how twinstate comes into the Next app of a folder. Where it is there already, nothing is planned.
 * @throws StateError if the folder is of no Next app that twinstate can be added to
 */
export function planInit(folder: string): InitPlan {
  const app = new NextApp(folder);
  if (app.router === undefined) throw noRouter(app.isFolder("pages") || app.isFolder("src/pages"));
  const plan = new InitPlan(app);
  const found = twinFiles(app);
  if (found.route && !found.server) throw twinElsewhere(found.route.file);
  addPackages(plan);
  setCompilerOptions(plan);
  const modules = addModules(plan, found);
  wrapLayouts(plan, found, modules);
  addProxy(plan, found);
  ignoreFiles(plan, modules);
  for (const { file, line, signal } of signalExits(app))
    plan.byHand.push({
      where: `${file}:${line}`,
      why: `it ends the process at ${signal}. Let it close the twin first, which lets running events finish:`,
      lines: "await twin.close(); // of the module that calls `createTwin`, before process.exit()",
    });
  return plan;
}
