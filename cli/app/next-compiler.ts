import { existsSync, readFileSync, statSync } from "node:fs";
import module, { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fileNotCompiled, oldNode } from "../../lib/errors/command-errors.js";
import { Tsconfig } from "./tsconfig.js";

/** The part of Next that compiles: the app's own, with which it is built. */
interface Compiler {
  loadBindings(): Promise<unknown>;
  transformSync(source: string, options: object): { readonly code: string };
}

/** Packages that only say where a module may be used. */
const MARKS = new Set(["server-only", "client-only"]);
const ENDS = ["", ".ts", ".tsx", ".mts", ".js", ".mjs", "/index.ts", "/index.tsx", "/index.js"];

/**
 * Lets Node load the modules of a Next app as Next compiles them: with decorators, the types of parameters, and the app's aliases. Loads its `.env` files, too.
 * Gives `false` where there is no Next.
 */
export async function withNextCompiler(folder: string): Promise<boolean> {
  const require = createRequire(join(folder, "package.json"));
  let compiler: Compiler;
  try {
    compiler = require("next/dist/build/swc") as Compiler;
    (createRequire(require.resolve("next/package.json"))("@next/env") as { loadEnvConfig(folder: string, dev: boolean, log: object): void }).loadEnvConfig(
      folder,
      true,
      {
        info() {},
        error: console.error,
      },
    );
  } catch {
    return false;
  }
  if (typeof module.registerHooks !== "function") throw oldNode(process.version);
  await compiler.loadBindings();
  const tsconfig = new Tsconfig(folder);
  module.registerHooks({
    resolve(name, context, next) {
      if (MARKS.has(name)) return { url: "data:text/javascript,", shortCircuit: true };
      const parent = context.parentURL?.startsWith("file:") ? fileURLToPath(context.parentURL) : undefined;
      if (parent === undefined || parent.includes("node_modules")) return next(name, context);
      const alias = tsconfig.aliased(name);
      const path = name.startsWith(".") ? join(dirname(parent), name) : alias !== undefined ? join(folder, alias) : undefined;
      const found = path && ENDS.map((end) => path + end).find(isFile);
      if (found) return { url: pathToFileURL(found).href, shortCircuit: true };
      try {
        return next(name, context);
      } catch (error) {
        // Next's own entries, such as `next/headers`, are files without their endings.
        return /^next\//.test(name) ? next(`${name}.js`, context) : refuse(error);
      }
    },
    load(url, context, next) {
      const file = url.startsWith("file:") && !url.includes("/node_modules/") ? fileURLToPath(url) : undefined;
      const end = file === undefined ? "" : extname(file);
      if (file === undefined || !existsSync(file)) return next(url, context);
      if (isCommon(file, end)) return next(url, context);
      if (end === ".json") return { format: "module", shortCircuit: true, source: `export default ${readFileSync(file, "utf8")}` };
      if (!/^\.[cm]?[jt]sx?$/.test(end)) return { format: "module", shortCircuit: true, source: "export default {}" };
      return { format: "module", shortCircuit: true, source: compiled(compiler, file) };
    },
  });
  return true;
}

/** Whether a file is a module of CommonJS, which Node loads as it is. */
function isCommon(file: string, end: string): boolean {
  if (end !== ".js") return end === ".cjs";
  const text = readFileSync(file, "utf8");
  return /\b(module\.exports|exports\.\w+)\s*=/.test(text) && !/^\s*(import|export)\b/m.test(text);
}

const isFile = (path: string) => existsSync(path) && statSync(path).isFile();

function refuse(error: unknown): never {
  throw error;
}

function compiled({ transformSync }: Compiler, file: string): string {
  const tsx = file.endsWith("x");
  const syntax = /\.[cm]?tsx?$/.test(file) ? { syntax: "typescript", tsx, decorators: true } : { syntax: "ecmascript", jsx: true, decorators: true };
  const transform = { legacyDecorator: true, decoratorMetadata: true, react: { runtime: "automatic" } };
  try {
    return transformSync(readFileSync(file, "utf8"), {
      filename: file,
      sourceMaps: "inline",
      module: { type: "es6" },
      jsc: { target: "es2022", parser: syntax, transform, keepClassNames: true },
    }).code;
  } catch (error) {
    throw fileNotCompiled(file, error);
  }
}
