import { fork } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { build } from "esbuild";
import type { Asked } from "./tasks.ts";

const folder = import.meta.dirname;
const cache = `${folder}/../node_modules/.cache/live`;

/** A server or a client in a process of its own. */
export interface Child {
  ask<R = void>(task: string, input?: unknown): Promise<R>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  /** For `process.argv`. */
  readonly args?: readonly string[];
  /** Where a CPU profile goes. */
  readonly profile?: string | undefined;
}

const built = new Map<string, Promise<string>>();

/** Makes a production build of a file here, and starts it. */
export async function launch(name: string, { args = [], profile }: ChildOptions = {}): Promise<Child> {
  let made = built.get(name);
  if (!made) {
    made = bundle(name);
    built.set(name, made);
  }
  const execArgv = ["--expose-gc", ...(profile ? ["--cpu-prof", `--cpu-prof-name=${profile}.cpuprofile`, `--cpu-prof-dir=${cache}`] : [])];
  const child = fork(await made, args, { execArgv, env: { ...process.env, NODE_ENV: "production" } });
  const asked = new Map<number, { resolve(result: never): void; reject(error: Error): void }>();
  let last = 0;
  child.on("message", ({ id, result, error }: { id: number; result: never; error?: string }) => {
    const open = asked.get(id);
    asked.delete(id);
    if (error) open?.reject(new Error(`${name}: ${error}`));
    else open?.resolve(result);
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", (code) => {
      for (const { reject } of asked.values()) reject(new Error(`The process of ${name} has ended with ${code}`));
      resolve();
    });
  });
  return {
    ask: (task, input) =>
      new Promise((resolve, reject) => {
        const id = ++last;
        asked.set(id, { resolve, reject });
        child.send({ id, task, input } satisfies Asked);
      }),
    stop() {
      if (child.connected) child.disconnect();
      return ended;
    },
  };
}

async function bundle(name: string): Promise<string> {
  await mkdir(cache, { recursive: true });
  const outfile = `${cache}/${name.replaceAll("/", "-")}.mjs`;
  await build({
    entryPoints: [`${folder}/${name}.ts`],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    // Those that are no ES modules, and what only Next has.
    external: ["ioredis", "socket.io", "socket.io-client", "ws", "next/*"],
    define: { "process.env.NODE_ENV": '"production"' },
    tsconfig: `${folder}/../tsconfig.json`,
    logLevel: "error",
  });
  return outfile;
}

/** Where profiles are written. */
export const profiles: string = cache;
