import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test as base } from "vitest";
import { freePort, takesConnections } from "./port.js";

/** Where nginx is: Debian's is in a folder that the PATH of users lacks. */
const executable = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"]
  .map((folder) => join(folder, "nginx"))
  .find((file) => existsSync(file));

/** Why tests that need nginx cannot run here; on a CI machine they must. */
export const missingNginx = executable === undefined ? "needs nginx, which was not found (npm run setup, or `apt-get install nginx`)" : undefined;

export interface Nginx {
  readonly url: string;
  /** Its folder: nginx writes bodies that it buffers into `client_body_temp`. */
  readonly folder: string;
  /** What it has written into its log of errors. */
  readonly log: string;
  stop(): Promise<void>;
}

/** nginx in front of a server, or with a configuration of the test's own. */
export type NginxOptions =
  | {
      /** The origin of the server behind it. */
      readonly upstream: string;
      /** More lines for its `location`. */
      readonly location?: string;
    }
  | {
      /** What stands in the `http` block, for this port to listen on. */
      readonly http: (port: number) => string;
    };

/** Starts nginx on a free port. It takes connections when this resolves. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-nginx-"));
  const port = await freePort();
  const conf = join(folder, "nginx.conf");
  writeFileSync(conf, configuration(folder, "http" in options ? options.http(port) : inFrontOf(options, port)));
  const child = spawn(executable as string, ["-p", folder, "-c", conf, "-e", join(folder, "error.log")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => (said += chunk));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const log = () => said + (existsSync(join(folder, "error.log")) ? readFileSync(join(folder, "error.log"), "utf8") : "");
  while (!(await takesConnections(port))) {
    if (child.exitCode !== null) throw new Error(`nginx has ended:\n${log()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url: `http://localhost:${port}`,
    folder,
    get log() {
      return log();
    },
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A test with nginx. It is skipped where there is none, but fails on a CI machine. What the test starts ends with it. */
export const test = base.extend<{ nginx(options: NginxOptions): Promise<Nginx> }>({
  nginx: async ({ skip }, use) => {
    if (missingNginx) {
      if (process.env.CI) throw new Error(missingNginx);
      skip(missingNginx);
    }
    const running: Nginx[] = [];
    await use(async (options) => {
      running.push(await startNginx(options));
      return running.at(-1) as Nginx;
    });
    for (const { stop } of running) await stop();
  },
});

/** One that keeps to its folder, whoever runs it. */
const configuration = (folder: string, http: string) => `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/client_body_temp;
  proxy_temp_path ${folder}/proxy_temp;
  fastcgi_temp_path ${folder}/fastcgi_temp;
  uwsgi_temp_path ${folder}/uwsgi_temp;
  scgi_temp_path ${folder}/scgi_temp;
  ${http}
}
`;

const inFrontOf = ({ upstream, location = "" }: { upstream: string; location?: string }, port: number) => `
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  server {
    listen ${port};
    location / {
      proxy_pass ${upstream.replace("//localhost", "//127.0.0.1")};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      ${location}
    }
  }
`;
