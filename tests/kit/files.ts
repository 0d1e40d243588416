import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder that is gone when the test ends; in memory, where the machine has such. */
export function temporaryFolder(inMemory = false): string {
  const folder = mkdtempSync(join(inMemory && existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "twinstate-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Whether this user may mount file systems. */
export const mayMount = (() => {
  if (process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), "twinstate-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "none", folder], { stdio: "ignore" });
    execFileSync("umount", [folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
})();

/** A disk of its own, so small, which is gone when the test ends. */
export function smallDisk(bytes: number): { path: string; readOnly(): void; writable(): void; grow(bytes: number): void } {
  const path = join(temporaryFolder(), "disk");
  mkdirSync(path);
  const mount = (options: string) => execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", path]);
  mount(`size=${bytes}`);
  onTestFinished(() => void execFileSync("umount", ["-l", path]));
  return {
    path,
    readOnly: () => mount("remount,ro"),
    writable: () => mount("remount,rw"),
    grow: (more) => mount(`remount,size=${more}`),
  };
}
