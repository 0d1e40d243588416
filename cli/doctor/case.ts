import type { NextApp } from "../app/next-app.js";
import { type TwinFiles, twinFiles } from "../app/twin-files.js";
import { nodesIn, propertyOf, type SyntaxNode } from "../source/syntax.js";

/** Something that is wrong with an app. */
export interface Finding {
  /** The file, with its line where that is known. */
  readonly where: string;
  readonly what: string;
  readonly fix: string;
}

/** An app that is examined, with what several checks look at. */
export interface Case {
  readonly app: NextApp;
  readonly parts: TwinFiles;
  /** The text of Next's configuration, without comments, and its file. */
  readonly config: { readonly file: string; readonly text: string } | undefined;
  /** The address at which pages look for the twin's route. */
  readonly address: string;
  /** The kinds of storages that `createTwin` may be given. */
  readonly storages: ReadonlySet<string>;
  /** Files that bring the app to a machine: it runs in production. */
  readonly deployment: readonly string[];
  /** One of the options of `createTwin`, and where it is. */
  option(...path: readonly [string, ...string[]]): { readonly node: SyntaxNode; readonly where: string } | undefined;
}

/** A check, which gives what it finds. */
export type Check = (examined: Case) => readonly Finding[];

const DEPLOYMENT = ["Dockerfile", "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml", "vercel.json", "fly.toml", "render.yaml"];

export function caseOf(app: NextApp): Case {
  const parts = twinFiles(app);
  const file = app.find("next.config");
  const server = parts.server === undefined ? undefined : app.source(parts.server);
  const call = server && nodesIn(server.program).find((node) => node.type === "CallExpression" && node.callee.name === "createTwin");
  const options: SyntaxNode | undefined = call?.arguments[0];
  const storage = propertyOf(options, "storage");
  const called = storage ? nodesIn(storage).filter((node) => node.type === "CallExpression" && node.callee.type === "Identifier") : [];
  return {
    app,
    parts,
    config: file === undefined ? undefined : { file, text: app.source(file)?.code ?? (app.read(file) as string) },
    address: parts.route?.address ?? "/api/twin",
    storages: new Set(storage ? called.map((node) => node.callee.name) : options && isWhole(options) ? ["memory"] : []),
    deployment: DEPLOYMENT.filter((name) => deploys(app.read(name), name)),
    option(...path) {
      const node = path.reduce<SyntaxNode | undefined>(propertyOf, options);
      return node && { node, where: `${parts.server}:${node.loc.start.line}` };
    },
  };
}

/** Whether a file brings the app to a machine. Those of Docker Compose may hold a database for development alone. */
const deploys = (text: string | undefined, name: string) => text !== undefined && (!/compose\.ya?ml$/.test(name) || /^\s+build:/m.test(text));

/** Whether all keys of an object literal are to be seen. */
const isWhole = (options: SyntaxNode) =>
  options.type === "ObjectExpression" &&
  (options.properties as readonly SyntaxNode[]).every(({ type }) => type === "ObjectProperty" || type === "ObjectMethod");

/** The line of a place in a text. */
export const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length;
