import { type SpawnOptionsWithStdioTuple, type StdioNull, type StdioPipe, spawn } from "node:child_process";

export const MANAGERS = ["npm", "pnpm", "yarn", "bun"] as const;
export type Manager = (typeof MANAGERS)[number];

/** The lock file that each of them writes. */
export const LOCKS: Readonly<Record<Manager, string>> = { npm: "package-lock.json", pnpm: "pnpm-lock.yaml", yarn: "yarn.lock", bun: "bun.lock" };

/** The manager that runs this command, as `npm create` or `pnpm create`. It says so in the environment. */
export function managerOf(agent: string | undefined): Manager {
  const name = agent?.split("/")[0];
  return MANAGERS.find((manager) => manager === name) ?? "npm";
}

/** How one of an app's scripts is run. */
export const runScript = (manager: Manager, script: string) =>
  manager === "npm" && script !== "test" ? `npm run ${script}` : `${manager} ${manager === "bun" ? "run " : ""}${script}`;

export interface Outcome {
  readonly ok: boolean;
  /** What it has said. */
  readonly said: string;
}

/** Runs a command in a folder to its end. Ctrl+C ends the command, not this process. */
export function runIn(folder: string, command: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    let said = "";
    // Before the command starts: whoever sees it run may interrupt it.
    const interrupt = () => child.kill("SIGINT");
    process.on("SIGINT", interrupt);
    // A hook of git names the repository that runs it, which is not the app's.
    const { GIT_DIR: _, GIT_WORK_TREE: __, GIT_INDEX_FILE: ___, ...env } = process.env;
    // In production, packages for development would be left out, and the app would not build.
    const options: SpawnOptionsWithStdioTuple<StdioNull, StdioPipe, StdioPipe> = {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...env, NODE_ENV: "development" },
    };
    // Package managers are scripts on Windows, which need a shell. It would take the message of a commit apart.
    const shell = process.platform === "win32" && MANAGERS.some((manager) => manager === command);
    const child = shell ? spawn([command, ...args].join(" "), { ...options, shell }) : spawn(command, [...args], options);
    const end = (outcome: Outcome) => {
      process.off("SIGINT", interrupt);
      resolve(outcome);
    };
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    child.on("error", (error: NodeJS.ErrnoException) =>
      end({ ok: false, said: error.code === "ENOENT" ? `There is no \`${command}\` on this machine.` : error.message }),
    );
    child.on("close", (code) => end({ ok: code === 0, said }));
  });
}
