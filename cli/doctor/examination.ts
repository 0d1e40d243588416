import { NextApp } from "../app/next-app.js";
import { bundles } from "./bundles.js";
import { type Case, type Check, caseOf, type Finding } from "./case.js";
import { decorators, metadata, target } from "./compiler.js";
import { copies, node, peers } from "./packages.js";
import { provider, proxy, route, twin } from "./parts.js";
import { buffering, configuration, cookie, ignored, secret, signals, storage } from "./production.js";

/** What the other checks could not read. */
function syntax({ app }: Case): Finding[] {
  return [...app.unparsed].map(([file, { line, why }]) => ({
    where: `${file}:${line}`,
    what: `The syntax is not understood: ${why.replace(/\.?$/, ".")} What the file does was not looked at.`,
    fix: "Mend it, and run `doctor` once more.",
  }));
}

/** What is looked at, in the order in which it is told. */
const CHECKS: Readonly<Record<string, Check>> = {
  node,
  peers,
  copies,
  decorators,
  metadata,
  target,
  twin,
  route,
  provider,
  proxy,
  bundles,
  cookie,
  secret,
  storage,
  ignored,
  signals,
  configuration,
  buffering,
  // The last one: by then it is known which files were looked at.
  syntax,
};

export interface Examination {
  readonly checks: number;
  readonly faults: readonly (Finding & { readonly check: string })[];
}

/**
 * Looks for what is wrong with the app of a folder.
 * @throws StateError if the folder is of no Next app, or its settings cannot be read
 */
export function examine(folder: string): Examination {
  const examined = caseOf(new NextApp(folder));
  const faults = Object.entries(CHECKS).flatMap(([check, run]) => run(examined).map((fault) => ({ check, ...fault })));
  return { checks: Object.keys(CHECKS).length, faults };
}
