import { noTypescriptApp } from "../../lib/errors/command-errors.js";
import { JsonText } from "../source/json-edit.js";
import type { InitPlan } from "./plan.js";

/** What decorators need, and checks of arguments by the types of parameters. */
const WANTED = ["emitDecoratorMetadata", "experimentalDecorators"] as const;

/** Sets the compiler's options in `tsconfig.json`, where they are not set, or otherwise. */
export function setCompilerOptions(plan: InitPlan): void {
  const { path, options } = plan.app.tsconfig;
  const text = plan.read(path);
  if (text === undefined) throw noTypescriptApp();
  const json = new JsonText(path, text);
  for (const name of WANTED) if (options.get(name)?.value !== true) json.set(["compilerOptions", name], true);
  plan.write(path, json.text);
}
