import { noTypescriptApp } from "../../lib/errors/command-errors.js";
import { JsonText } from "../source/json-edit.js";
import type { InitPlan } from "./plan.js";

/** What decorators need, and checks of arguments by the types of parameters. */
const WANTED = ["emitDecoratorMetadata", "experimentalDecorators"] as const;

/** Sets the compiler's options in `tsconfig.json`, where they are not set, or otherwise. */
export function setCompilerOptions(plan: InitPlan): void {
  const text = plan.read("tsconfig.json");
  if (text === undefined) throw noTypescriptApp();
  const json = new JsonText("tsconfig.json", text);
  for (const name of WANTED) if (plan.app.compilerOptions.get(name)?.value !== true) json.set(["compilerOptions", name], true);
  plan.write("tsconfig.json", json.text);
}
