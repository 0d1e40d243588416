import { matches, patternsOf } from "../app/matcher.js";
import { beginsSessions, type TwinFiles } from "../app/twin-files.js";
import { type Insertion, importLine, insert } from "../source/insertions.js";
import { exported, nodesIn, type SourceFile } from "../source/syntax.js";
import type { InitPlan } from "./plan.js";

const PROXY = `export { proxy } from "twinstate/next";

// All pages, and neither routes of the API nor files.
export const config = { matcher: "/((?!api|_next/static|_next/image|.*\\\\..*).*)" };
`;
/** Begins a matcher that leaves some paths out: one more can be put in front of them. */
const LEAVES_OUT = "/((?!";

/** Adds a `proxy.ts` that starts sessions, or puts that into the app's own. */
export function addProxy(plan: InitPlan, found: TwinFiles): void {
  const { app } = plan;
  if (found.proxy === undefined) return plan.write(`${app.root}proxy.ts`, PROXY);
  const source = app.source(found.proxy);
  if (beginsSessions(app, found.proxy)) return;
  const byHand = (why: string) => plan.byHand.push({ where: found.proxy as string, why, lines: COMPOSED });
  if (/middleware\.\w+$/.test(found.proxy))
    return void byHand(
      "Next calls it `proxy.ts` since version 16: rename it (`npx @next/codemod@latest middleware-to-proxy .`), and run `init` once more. It becomes:",
    );
  if (!source) return void byHand("its syntax is not understood. It should become:");
  const wrapped = wrap(source);
  if (!wrapped) return void byHand("what it exports is no function that could be wrapped. It should become:");
  plan.write(found.proxy, insert(source.text, [importLine(source, "withSession", "twinstate/next"), ...wrapped, ...leaveOut(plan, found, source)]));
}

const COMPOSED = `import { withSession } from "twinstate/next";

export const proxy = withSession(yours); // a function of (request, event)
export const config = { matcher: "/((?!api/twin).*)" }; // whatever you match, and not the twin's route`;

/** What makes the exported proxy one that starts sessions too. */
function wrap(source: SourceFile): Insertion[] | undefined {
  const name = exported(source, "proxy") ? "proxy" : "default";
  const own = exported(source, name);
  if (!own) return undefined;
  const uses = nodesIn(source.program).filter((node) => node.type === "Identifier" && node.name === own.id?.name).length;
  if (own.type !== "FunctionDeclaration")
    return [
      { at: own.start, text: "withSession(" },
      { at: own.end, text: ")" },
    ];
  // A declaration can be called above its place: an expression cannot.
  if (own.id && uses > 1) return undefined;
  return [
    { at: own.start, text: name === "proxy" ? "const proxy = withSession(" : "withSession(" },
    { at: own.end, text: ");" },
  ];
}

/** Keeps the proxy off the twin's route, where Next would cut what it passes on. */
function leaveOut(plan: InitPlan, { route, proxy }: TwinFiles, source: SourceFile): Insertion[] {
  const address = route?.address ?? "/api/twin";
  const patterns = patternsOf(source);
  if (patterns === "all") {
    const matcher = `matcher: "/((?!${address.slice(1)}).*)"`;
    const config = exported(source, "config");
    if (!config) return [{ at: source.text.trimEnd().length, text: `\n\nexport const config = { ${matcher} };` }];
    return [{ at: config.start + 1, text: ` ${matcher}${config.properties.length > 0 ? "," : " "}` }];
  }
  const matching = patterns?.filter(({ value }) => matches(value, `${address}/a`));
  const easy = matching?.filter(({ value, node }) => source.text.slice(node.start + 1, node.end).startsWith(LEAVES_OUT) && value.startsWith(LEAVES_OUT));
  if (!matching || matching.length !== easy?.length)
    plan.byHand.push({
      where: `${proxy}:${matching?.find((one) => !easy?.includes(one))?.node.loc.start.line ?? 1}`,
      why: `the proxy must not match the twin's route \`${address}\`, where Next would cut bodies at 10 MB. Leave it out of \`matcher\`, for example:`,
      lines: `matcher: "/((?!${address.slice(1)}).*)"`,
    });
  return (easy ?? []).map(({ node }) => ({ at: node.start + 1 + LEAVES_OUT.length, text: `${address.slice(1)}|` }));
}
