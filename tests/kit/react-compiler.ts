import { createRequire } from "node:module";
import type { Plugin } from "vite";

const require = createRequire(import.meta.url);
// The Babel that Next brings, so that none is a dependency of its own.
const babel = require("next/dist/compiled/babel/core") as { transformAsync(code: string, options: object): Promise<{ code: string; map: object }> };

/** What the React Compiler says of a function. */
interface Said {
  readonly kind: string;
  readonly fnName: string | null;
  /** How many values it keeps. Of one that keeps nothing, nothing is changed. */
  readonly memoSlots?: number;
}

const transform = (file: string, code: string, options: object) =>
  babel.transformAsync(code, {
    filename: file,
    babelrc: false,
    configFile: false,
    sourceMaps: true,
    parserOpts: { plugins: ["typescript", "decorators-legacy", ...(file.endsWith("x") ? ["jsx"] : [])] },
    plugins: [[require("babel-plugin-react-compiler"), { target: "19", ...options }]],
  });

/** What the React Compiler makes of a file's components and hooks: the compiled ones, and those that it leaves as they are. */
export async function compile(file: string, code: string): Promise<{ compiled: Said[]; bailed: Said[] }> {
  const said: Said[] = [];
  await transform(file, code, { panicThreshold: "none", logger: { logEvent: (_: unknown, event: Said) => said.push(event) } });
  const compiled = said.filter(({ kind }) => kind === "CompileSuccess");
  return { compiled, bailed: said.filter((event) => !compiled.includes(event)) };
}

/** Compiles the components of these files; one that it cannot compile is an error. */
export function reactCompiler(files: RegExp): Plugin {
  return {
    name: "react-compiler",
    enforce: "pre",
    async transform(code, id) {
      if (!files.test(id)) return;
      const result = await transform(id, code, { panicThreshold: "all_errors" });
      return { code: result.code, map: result.map as never };
    },
  };
}
