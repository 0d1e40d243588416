/** The oldest versions of Node: what makes an app, and what runs it. */
export const NEEDED = { create: "20.12", app: "22.13" } as const;

/** Whether a version is at least another one. */
export function reaches(version: string, needed: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [neededMajor = 0, neededMinor = 0] = needed.split(".").map(Number);
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}
