import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

/** The server that runs, and the next one, which has loaded its code and waits. */
export class Servers {
  readonly port: number;
  readonly #env: Record<string, string>;
  readonly #script: string;
  #running: ChildProcess | undefined;
  #next: Promise<ChildProcess> | undefined;

  /** `script`: the name of its file. */
  constructor(port: number, env: Record<string, string>, script = "server") {
    this.port = port;
    this.#script = script;
    this.#env = { ...env, PORT: String(port) };
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/api/twin`;
  }

  /** Lets the next one load its code, so that it starts at once. */
  prepare(): void {
    this.#next ??= this.#load();
    this.#next.catch(() => {});
  }

  /** Resolves when the next one has loaded its code. */
  async ready(): Promise<void> {
    await this.#next;
  }

  async #load(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ["--no-warnings", "--import", "./tests/kit/sources.mjs", `./tests/crash/${this.#script}.ts`], {
      env: { ...process.env, ...this.#env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    await said(child, "waiting");
    return child;
  }

  async start(): Promise<void> {
    const child = await (this.#next ?? this.#load());
    this.#next = undefined;
    this.#running = child;
    child.stdin?.write("serve\n");
    await said(child, "serving");
  }

  /** The most memory that the running server has had, in bytes. */
  async memory(): Promise<number> {
    const child = this.#running as ChildProcess;
    child.stdin?.write("memory\n");
    return Number(await said(child, "memory"));
  }

  async kill(): Promise<void> {
    const child = this.#running as ChildProcess;
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }

  async end(): Promise<void> {
    await this.kill();
    const child = await this.#next;
    child?.kill("SIGKILL");
  }
}

/** What a server says after a word, once it says that. */
export function said(child: ChildProcess, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const ended = (code: number | null) => reject(new Error(`The server ended with code ${code}.`));
    lines.on("line", (line) => {
      if (!line.startsWith(word)) return;
      lines.close();
      child.off("exit", ended);
      resolve(line.slice(word.length + 1));
    });
    child.once("exit", ended);
  });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
