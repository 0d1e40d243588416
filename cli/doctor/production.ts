import { spawnSync } from "node:child_process";
import { basename } from "node:path";
import { signalExits } from "../app/signals.js";
import { literalTexts, nodesIn } from "../source/syntax.js";
import { type Check, type Finding, lineAt } from "./case.js";

/** The cookie of the session travels by HTTPS alone, in production. */
export const cookie: Check = ({ option }) => {
  const secure = option("session", "secure");
  if (secure?.node.type === "BooleanLiteral" && secure.node.value === false)
    return [
      {
        where: secure.where,
        what: "`secure: false` sends the session's cookie over HTTP, also in production.",
        fix: "Leave it out: it is on in production, and off in development.",
      },
    ];
  const origins = literalTexts(option("origins")?.node) ?? [];
  const plain = origins.find(({ value }) => /^http:\/\/(?!localhost\b|127\.0\.0\.1\b|\[::1\])/.test(value));
  if (plain)
    return [
      {
        where: `${option("origins")?.where}`,
        what: `The origin \`${plain.value}\` is without TLS: browsers send the session's cookie, which is \`Secure\` in production, by HTTPS alone.`,
        fix: "Serve it by HTTPS, and write `https://`.",
      },
    ];
  return [];
};

const ENVIRONMENTS = [".env", ".env.production", ".env.local", ".env.production.local"];

/** What signs sessions is a secret, the same in all processes, and is not in the source. */
export const secret: Check = ({ app, option, deployment, parts }) => {
  const given = option("session", "secret");
  if (given?.node.type === "StringLiteral")
    return [
      {
        where: given.where,
        what: "The secret that signs sessions stands in the source: whoever reads that can be anybody.",
        fix: "Read it from the environment: `secret: process.env.TWINSTATE_SECRET`.",
      },
    ];
  const named = [...deployment, ...ENVIRONMENTS].some((file) => app.read(file)?.includes("TWINSTATE_SECRET"));
  if (!parts.server || given || deployment.length === 0 || named) return [];
  return [
    {
      where: deployment[0] as string,
      what: "`TWINSTATE_SECRET` is set nowhere: each container makes a secret of its own, and all sessions end with it.",
      fix: "Set it where the app runs, the same in all processes: `openssl rand -base64 32`.",
    },
  ];
};

/** The twin is closed at SIGTERM, before the process ends. */
export const signals: Check = ({ app, option }) => {
  const exits = signalExits(app).map(({ file, line, signal }) => ({
    where: `${file}:${line}`,
    what: `It ends the process at ${signal}, and does not wait for the twin: running events are cut off.`,
    fix: "`await twin.close()` before `process.exit()`.",
  }));
  const off = option("signals");
  const closed = app.containing(".close(").some((file) => /SIGTERM/.test(app.read(file) as string));
  if (off?.node.value !== false || closed) return exits;
  return [
    ...exits,
    {
      where: off.where,
      what: "`signals: false`, and nothing closes the twin at SIGTERM: the process waits for open streams without end.",
      fix: "Leave it out, or call `await twin.close()` in a listener of yours.",
    },
  ];
};

const SERVERS = ["server.mjs", "server.js", "server.cjs", "server.ts", "server.mts"];

/** Next's configuration fits how the app runs. */
export const configuration: Check = ({ app, config }) => {
  if (!config) return [];
  const { file, text } = config;
  const at = (pattern: RegExp) => {
    const found = pattern.exec(text);
    return found && `${file}:${lineAt(text, found.index)}`;
  };
  const faults: Finding[] = [];
  const server = SERVERS.find((name) => /\bcreateServer\b/.test(app.read(name) ?? "") && /["']next["']/.test(app.read(name) ?? ""));
  const standalone = at(/\boutput["']?:\s*["']standalone["']/);
  if (standalone && server)
    faults.push({
      where: standalone,
      what: `\`output: "standalone"\` and a server of your own (${server}): the standalone output has a server of its own, and leaves yours out.`,
      fix: "Remove one of the two.",
    });
  const exported = at(/\boutput["']?:\s*["']export["']/);
  if (exported) faults.push({ where: exported, what: '`output: "export"` makes files without a server: there is no twin.', fix: "Remove it." });
  const external = at(/\bserverExternalPackages["']?:[^\]]*["']twinstate["']/);
  if (external)
    faults.push({
      where: external,
      what: "`serverExternalPackages` has `twinstate`: server rendering then has two Reacts, and hooks fail.",
      fix: "Leave it out.",
    });
  return faults;
};

/** The storage keeps what production needs kept, for as many processes as there are. */
export const storage: Check = ({ app, storages, deployment, parts, option }) => {
  const where = option("storage")?.where ?? (parts.server as string);
  if (storages.size === 0) return [];
  const compose = deployment.find((file) => /compose\.ya?ml$/.test(file));
  const nodes = compose === undefined ? 1 : nodesOf(app.read(compose) as string);
  if (nodes > 1 && !storages.has("redis") && !storages.has("postgres"))
    return [
      {
        where,
        what: `${compose} runs ${nodes} processes, and \`${[...storages][0]}()\` is of one process alone.`,
        fix: "Use `redis(process.env.REDIS_URL)`, or `postgres()`: docs/SCALING.md.",
      },
    ];
  if (deployment.length > 0 && storages.size === 1 && storages.has("memory"))
    return [
      {
        where,
        what: `The app is deployed (${deployment[0]}), and keeps its state in memory: a restart loses it.`,
        fix: '`storage: sqlite(process.env.TWIN_FILE ?? "twin.db")`, or `redis()`.',
      },
    ];
  return [];
};

/** How many processes of the app a compose file runs. */
function nodesOf(text: string): number {
  const replicas = Number(/\breplicas:\s*(\d+)/.exec(text)?.[1] ?? 1);
  return Math.max(replicas, (text.match(/^ {2}[\w-]+: \*app\b/gm) ?? []).length);
}

/** What the server writes beside the source stays out of git. */
export const ignored: Check = ({ app, parts, option }) => {
  const storage = option("storage");
  if (!parts.server || !storage) return [];
  const name = nodesIn(storage.node).find((node) => node.type === "StringLiteral" && /^[^:]+\.(db|sqlite3?)$/.test(node.value));
  if (!name || name.value.startsWith("/")) return [];
  const { status } = spawnSync("git", ["check-ignore", "-q", name.value], { cwd: app.folder });
  // Other codes: there is no git, or no repository.
  if (status !== 1) return [];
  return [
    {
      where: storage.where,
      what: `git does not ignore \`${name.value}\`: \`git add .\` commits the state.`,
      fix: `Add \`${basename(name.value)}*\` to .gitignore.`,
    },
  ];
};

/** A proxy in front of the app passes streams on as they come. */
export const buffering: Check = ({ app }) =>
  ["nginx.conf", "deploy/nginx.conf", "nginx/nginx.conf", "nginx/default.conf"].flatMap((file) => {
    const text = app.read(file);
    if (text === undefined || !/\bproxy_pass\b/.test(text) || /\bproxy_buffering\s+off\b/.test(text)) return [];
    return [
      {
        where: `${file}:${lineAt(text, text.indexOf("proxy_pass"))}`,
        what: "nginx buffers answers: changes reach browsers late, or not at all.",
        fix: "`proxy_buffering off;` for the twin's route; `npx twinstate deploy-files --proxy nginx` writes a whole file.",
      },
    ];
  });
