import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Place, placeOf } from "./app-name.js";
import type { Flags } from "./flags.js";
import { hasGit, inRepository } from "./git.js";
import { type Manager, managerOf } from "./package-manager.js";
import { DEFAULT_TEMPLATE, type Template, templateOf } from "./templates.js";
import { badSource, missingSource, noName } from "./trouble.js";

/** All that has to be known before an app is made. */
export interface Answers {
  readonly place: Place;
  readonly template: Template;
  readonly git: boolean;
  readonly install: boolean;
  readonly manager: Manager;
  /** Where the library comes from. */
  readonly library: string;
}

const DEFAULT_NAME = "my-app";

/**
 * What the flags say, what the user answers, and what is the default for the rest. `undefined`: the user has left.
 * @throws Trouble for what the flags say
 */
export async function answersTo(flags: Flags, libraryVersion: string): Promise<Answers | undefined> {
  const from = process.cwd();
  const asks = process.stdin.isTTY === true && process.stdout.isTTY === true && !flags.yes;
  if (flags.name === undefined && !asks && !flags.yes) throw noName();
  const library = flags.twinstate === undefined ? `^${libraryVersion}` : sourceOf(flags.twinstate, from);
  const template = flags.template === undefined ? undefined : templateOf(flags.template);
  const name = flags.name ?? (asks ? undefined : DEFAULT_NAME);
  const place = name === undefined ? undefined : placeOf(name, from);
  const known = { place, template, git: flags.git, install: flags.install };
  const manager = flags.manager ?? managerOf(process.env.npm_config_user_agent);
  const asked = asks ? await (await import("./questions.js")).ask(known, manager, from) : known;
  if (asked === undefined) return undefined;
  const chosen = asked.place ?? placeOf(DEFAULT_NAME, from);
  return {
    place: chosen,
    template: asked.template ?? templateOf(DEFAULT_TEMPLATE),
    git: asked.git ?? (await gitSuits(chosen, from)),
    install: asked.install ?? true,
    manager,
    library,
  };
}

/** A repository inside another one would be in its way. */
export const gitSuits = async ({ folder }: Place, from: string): Promise<boolean> =>
  (await hasGit()) && !(await inRepository(existsSync(folder) ? folder : from));

/** A version or a tag as it is; a file with its whole path, as the app is in another folder. */
function sourceOf(source: string, from: string): string {
  const file = /^file:(.+)$/.exec(source)?.[1];
  if (file !== undefined) {
    const path = resolve(from, file);
    if (!existsSync(path)) throw missingSource(path);
    return `file:${path}`;
  }
  if (!/^[\^~]?[\w.+-]+$/.test(source)) throw badSource(source);
  return source;
}
