import { runIn } from "./package-manager.js";

export const hasGit = async (): Promise<boolean> => (await runIn(process.cwd(), "git", ["--version"])).ok;

export const inRepository = async (folder: string): Promise<boolean> => (await runIn(folder, "git", ["rev-parse", "--is-inside-work-tree"])).ok;

/** Makes a repository with a first commit. Says what failed. */
export async function makeRepository(folder: string): Promise<string | undefined> {
  for (const args of [
    ["init", "--initial-branch=main"],
    ["add", "--all"],
    ["commit", "--message=Begin with twinstate"],
  ]) {
    const { ok, said } = await runIn(folder, "git", args);
    if (!ok) return `\`git ${args[0]}\` failed: ${said.trim().split("\n").slice(-2).join(" ")}`;
  }
  return undefined;
}
