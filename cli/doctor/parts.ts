import { matches, patternsOf } from "../app/matcher.js";
import { beginsSessions } from "../app/twin-files.js";
import { exported, importsIn, nodesIn, type SourceFile, type SyntaxNode } from "../source/syntax.js";
import { type Case, type Check, type Finding, lineAt } from "./case.js";

const INIT = "`npx twinstate init` adds it.";

/** An app has a twin, its hooks, and a route. */
export const twin: Check = ({ parts }) => {
  // A route whose twin is not found has it from another package.
  if (!parts.server) return parts.route ? [] : [{ where: "package.json", what: "No module of the app calls `createTwin`.", fix: INIT }];
  if (!parts.client)
    return [{ where: parts.server, what: "No module of the app calls `createHooks`.", fix: "Make the hooks of the stores: the README's `state/client.ts`." }];
  return [];
};

/** The route has the twin's handlers, runs on Node, and is where pages look for it. */
export const route: Check = ({ app, parts, config, address }) => {
  if (!parts.server) return [];
  if (!parts.route) return [{ where: app.router ?? "app", what: "No route has the twin's handlers: events and streams find nothing.", fix: INIT }];
  const { file } = parts.route;
  const source = app.source(file);
  const text = source?.code ?? (app.read(file) as string);
  const runtime = source && exported(source, "runtime");
  const faults = [];
  if (runtime?.value === "edge")
    faults.push({ where: `${file}:${runtime.loc.start.line}`, what: "The route runs on the edge: the twin needs Node.", fix: 'Remove `runtime = "edge"`.' });
  const missing = ["GET", "POST"].filter((method) => !new RegExp(`\\b${method}\\b`).test(text));
  if (missing.length > 0)
    faults.push({
      where: file,
      what: `The route does not export ${missing.map((name) => `\`${name}\``).join(" and ")}.`,
      fix: "`export const { GET, POST } = twin.handlers;`",
    });
  const base = /\bbasePath["']?:\s*["'](\/[^"']*)["']/.exec(config?.text ?? "")?.[1] ?? "";
  const whole = base + address;
  if (
    whole !== "/api/twin" &&
    !app.files.some((path) => path !== file && path !== parts.proxy && new RegExp(`["'\`][^"'\`]*${whole}["'\`]`).test(app.read(path) as string))
  )
    faults.push({
      where: file,
      what: `The route is at \`${whole}\`, and pages look for it at \`/api/twin\`.`,
      fix: `\`<TwinProvider url="${whole}">\`, or move the route.`,
    });
  return faults;
};

/** One provider stands around all pages. */
export const provider: Check = ({ app, parts }) => {
  if (!parts.client || parts.providers.length > 0) return [];
  return [
    {
      where: app.find(`${app.router}/layout`) ?? "app/layout.tsx",
      what: "`<TwinProvider>` stands nowhere: hooks throw.",
      fix: `Put it around \`{children}\` in the root layout; ${INIT}`,
    },
  ];
};

/** The proxy starts sessions, for pages, and stays off the twin's route. */
export const proxy: Check = ({ app, parts, address, ...examined }) => {
  if (!parts.server) return [];
  const file = parts.proxy;
  const misplaced = app.root === "src/" ? (app.find("proxy") ?? app.find("middleware")) : app.find("src/proxy");
  if (file === undefined && misplaced !== undefined)
    return [{ where: misplaced, what: "Next does not look for a proxy here.", fix: `Move it beside the folder \`app\`: ${app.root}proxy.ts.` }];
  if (file === undefined)
    return [{ where: `${app.root}proxy.ts`, what: "There is no proxy: the first page has no session, and what it shows is not kept.", fix: INIT }];
  const source = app.source(file);
  if (!source) return [];
  if (!beginsSessions(app, file))
    return [
      {
        where: file,
        what: "The proxy starts no sessions: the first page has none, and what it shows is not kept.",
        fix: `Put yours into \`withSession\`; ${INIT}`,
      },
    ];
  if (/middleware\.\w+$/.test(file))
    return [{ where: file, what: "`middleware.ts` runs on the edge: sessions need Node.", fix: "Rename it to `proxy.ts`, and its function to `proxy`." }];
  const patterns = patternsOf(source);
  const faults = [];
  const wrong = patterns === "all" ? undefined : patterns?.find(({ value }) => matches(value, `${address}/a`));
  if (wrong || patterns === "all")
    faults.push({
      where: wrong ? `${file}:${wrong.node.loc.start.line}` : file,
      what: `The proxy matches the twin's route \`${address}\`: Next cuts what is posted there at 10 MB, and each event takes a way more.`,
      fix: `Leave it out: \`export const config = { matcher: "/((?!${address.slice(1)}|_next/static|_next/image).*)" }\`.`,
    });
  if (patterns && patterns !== "all" && patterns.length > 0 && !patterns.some(({ value }) => matchesPage(value)))
    faults.push({
      where: `${file}:${patterns[0]?.node.loc.start.line}`,
      what: "The proxy's `matcher` matches no page.",
      fix: 'Match the pages: `"/((?!api|_next/static|_next/image|.*\\\\..*).*)"`.',
    });
  return [...faults, ...secrets({ app, parts, address, ...examined }, file, source)];
};

const matchesPage = (pattern: string) => matches(pattern, "/") || !/^\/(api|_next)\b/.test(pattern);

/** A proxy signs cookies as `createTwin` reads them. */
function secrets({ app, option }: Case, file: string, source: SourceFile): Finding[] {
  const secret = option("session", "secret");
  const given = nodesIn(source.program).some(
    ({ type, callee, arguments: args }) =>
      type === "CallExpression" && ((callee.name === "createProxy" && args.length > 0) || (callee.name === "withSession" && args.length > 1)),
  );
  const direct = importsIn(source).some(({ from }) => from === "twinstate/next");
  if (!secret || isDefault(secret.node) || given || !direct) return [];
  return [
    {
      where: `${file}:${lineAt(app.read(file) as string, source.text.indexOf("twinstate/next"))}`,
      what: `\`createTwin\` has a secret of its own (${secret.where}), and the proxy has none: one does not know the cookies of the other, so each page begins another session.`,
      fix: "`export const proxy = createProxy(session)`, with the same options.",
    },
  ];
}

/** Whether an option says `process.env.TWINSTATE_SECRET`, which is read anyway. */
const isDefault = ({ type, property }: SyntaxNode) => type === "MemberExpression" && property.name === "TWINSTATE_SECRET";
