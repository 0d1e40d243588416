import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { freePort } from "../../kit/port.js";
import { environment } from "./build.js";

/** The folders that stand for the stages of a Dockerfile, by their names: each is the stage's `/app`. */
export type Stages = Readonly<Record<string, string>>;

export interface Container {
  readonly url: string;
  /** What it has written. */
  readonly said: string;
  /** Runs the health check of its image; tells whether it went well. */
  isHealthy(): boolean;
  /** Asks it to end, as Docker does, and gives its exit code. */
  stop(): Promise<number | null>;
  kill(): void;
}

/** The last stage of a Dockerfile, done in a folder where nothing of the repository is found by chance: without an engine, as far as that goes. */
export class Image {
  readonly #folder = mkdtempSync(join(tmpdir(), "twinstate-image-"));
  readonly #env: Record<string, string> = {};
  #command: readonly string[] = [];
  #check: readonly string[] = [];

  constructor(dockerfile: string, stages: Stages) {
    const text = readFileSync(dockerfile, "utf8").replaceAll("\\\n", "");
    for (const line of (text.split(/^FROM /m).at(-1) as string).split("\n")) this.#do(line.trim(), stages);
  }

  #do(line: string, stages: Stages): void {
    const [instruction, ...words] = line.split(/\s+/);
    if (instruction === "COPY") this.#copy(words, stages);
    else if (instruction === "ENV") for (const word of words) this.#env[word.split("=")[0] as string] = word.slice(word.indexOf("=") + 1);
    else if (instruction === "CMD") this.#command = JSON.parse(line.slice(4)) as string[];
    else if (instruction === "HEALTHCHECK") this.#check = JSON.parse(line.slice(line.indexOf("["))) as string[];
  }

  /** As Docker copies: what is in a folder, or files into a folder. */
  #copy(words: readonly string[], stages: Stages): void {
    const from = words.find((word) => word.startsWith("--from="))?.slice(7) ?? "";
    const paths = words.filter((word) => !word.startsWith("--"));
    const target = join(this.#folder, paths.at(-1) as string);
    for (const path of paths.slice(0, -1)) {
      const source = path.replace(/^\/app/, stages[from] as string);
      if (!existsSync(source)) throw new Error(`There is no ${source} to copy: ${words.join(" ")}`);
      mkdirSync(target, { recursive: true });
      const isFile = /\/[^/.]+\.[^/]+$/.test(path);
      cpSync(source, isFile ? join(target, basename(path)) : target, { recursive: true, verbatimSymlinks: true });
    }
  }

  /** Runs its command. It answers when this resolves. */
  async run(env: Readonly<Record<string, string>>): Promise<Container> {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const { GIT_SHA: _, ...own } = this.#env;
    const [command = "", ...args] = this.#command;
    const child: ChildProcess = spawn(command, args, {
      cwd: this.#folder,
      env: environment({ ...own, ...env, PORT: String(port) }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (said += chunk));
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const answers = () =>
      fetch(url).then(
        () => true,
        () => false,
      );
    while (!(await answers())) {
      if (child.exitCode !== null) throw new Error(`\`${this.#command.join(" ")}\` has ended:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return {
      url,
      get said() {
        return said;
      },
      isHealthy: () => {
        const [command = "", ...args] = this.#check.map((word) => word.replace("127.0.0.1:3000", `127.0.0.1:${port}`));
        return spawnSync(command, args).status === 0;
      },
      stop: () => {
        child.kill("SIGTERM");
        return ended;
      },
      kill: () => void child.kill("SIGKILL"),
    };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
