import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { near } from "../../cli/terminal/near.js";
import { twinstate } from "../kit/command.js";
import { ROOT } from "../kit/rooms.js";

const run = (...args: readonly string[]) => twinstate(ROOT, args);

test("`twinstate` alone lists its commands, and each has its help", () => {
  const { status, stdout } = run();
  expect(status).toBe(0);
  const names = [...stdout.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => name as string);
  expect(names).toContain("deploy-files");
  for (const name of names) {
    const { status, stdout } = run(name, "--help");
    expect([name, status, stdout.startsWith(`twinstate ${name}`)]).toEqual([name, 0, true]);
  }
  expect(run("--version").stdout.trim()).toBe(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version);
});

test("an unknown command and an unknown flag are named, with the one that was probably meant", () => {
  expect(run("migrat")).toEqual({
    status: 2,
    stdout: "",
    stderr: "`migrat` is no command of twinstate. Did you mean `migrate`? Try `twinstate --help`.",
  });
  expect(run("toString")).toMatchObject({ status: 2, stderr: "`toString` is no command of twinstate. Try `twinstate --help`." });
  expect(run("deploy-files", "--nods", "3")).toMatchObject({
    status: 2,
    stderr: "`--nods` is no flag of this command. Did you mean `--nodes`? Try `twinstate deploy-files --help`.",
  });
  expect(run("deploy-files", "--nodes", "--yes").stderr).toBe("Option '--nodes' argument is ambiguous. Try `twinstate deploy-files --help`.");
  expect(run("deploy-files", "compose", "more").stderr).toBe("`more` is one argument too many. Try `twinstate deploy-files --help`.");
});

test("the process ends when all that was printed has been read", () => {
  const script = `import { end } from ${JSON.stringify(new URL("cli/terminal/output.ts", `file://${ROOT}`).href)}; console.log("x".repeat(2_000_000)); end(3);`;
  const args = ["--no-warnings", "--import", join(ROOT, "tests/kit/sources.mjs"), "--input-type=module", "--eval", script];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 10_000_000 });
  expect([status, stdout.length]).toEqual([3, 2_000_001]);
});

test("a near name is one with few other letters", () => {
  const names = ["init", "doctor", "storage", "events", "deploy-files"];
  expect(near("docter", names)).toBe("doctor");
  expect(near("ini", names)).toBe("init");
  expect(near("deploy", names)).toBe("deploy-files");
  expect(near("evnets", names)).toBe("events");
  expect(near("serve", names)).toBeUndefined();
  expect(near("", names)).toBeUndefined();
});
