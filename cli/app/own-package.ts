import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface OwnPackage {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** The `package.json` of this twinstate: some folders above this file. */
export function ownPackage(): OwnPackage {
  for (let url = new URL(".", import.meta.url); ; url = new URL("..", url)) {
    const file = fileURLToPath(new URL("package.json", url));
    if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as OwnPackage;
  }
}
