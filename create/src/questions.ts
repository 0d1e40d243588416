import { cancel, confirm, isCancel, select, text } from "@clack/prompts";
import { gitSuits } from "./answers.js";
import { type Place, placeOf } from "./app-name.js";
import type { Manager } from "./package-manager.js";
import { DEFAULT_TEMPLATE, type Template, templateOf, templates } from "./templates.js";

/** What may be known already, and what is asked. */
interface Known {
  readonly place: Place | undefined;
  readonly template: Template | undefined;
  readonly git: boolean | undefined;
  readonly install: boolean | undefined;
}

/** Asks what is not known. `undefined`: the user has left, and nothing was written. */
export async function ask(known: Known, manager: Manager, from: string): Promise<Known | undefined> {
  const name =
    known.place === undefined ? await text({ message: "What is the app called?", defaultValue: "my-app", placeholder: "my-app", validate: wrong(from) }) : "";
  if (isCancel(name)) return left();
  const place = known.place ?? placeOf(name, from);
  const chosen = known.template?.name ?? (await select({ message: "What does it begin with?", options: choices(), initialValue: DEFAULT_TEMPLATE }));
  if (isCancel(chosen)) return left();
  const install = known.install ?? (await confirm({ message: `Install the packages with ${manager}?` }));
  if (isCancel(install)) return left();
  const git = known.git ?? ((await gitSuits(place, from)) ? await confirm({ message: "Make a git repository?" }) : false);
  if (isCancel(git)) return left();
  return { place, template: templateOf(chosen), git, install };
}

const choices = () => templates().map(({ name, description }) => ({ value: name, label: name, hint: description }));

const wrong = (from: string) => (name: string | undefined) => {
  try {
    placeOf(name || "my-app", from);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

function left(): undefined {
  cancel("Nothing was written.");
}
