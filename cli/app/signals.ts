import { nodesIn, type SyntaxNode } from "../source/syntax.js";
import type { NextApp } from "./next-app.js";

/** Something of the app's that ends the process at a signal, and does not wait for the twin. */
export interface SignalExit {
  readonly file: string;
  readonly line: number;
  readonly signal: string;
}

/** Finds what ends the process at SIGTERM or SIGINT without closing the twin. */
export function signalExits(app: NextApp): SignalExit[] {
  return app.containing("process").flatMap((file) => {
    const source = app.source(file);
    if (!source || !/SIGTERM|SIGINT/.test(source.code)) return [];
    return nodesIn(source.program).flatMap((node) => {
      const signal = listensTo(node);
      if (signal === undefined) return [];
      // What the handler does may stand in a function of the file.
      const handler: SyntaxNode = node.arguments[1];
      const body = handler.type === "Identifier" ? source.code : source.code.slice(handler.start, handler.end);
      return /process\.exit\(/.test(body) && !/\.close\(/.test(body) ? [{ file, line: node.loc.start.line, signal }] : [];
    });
  });
}

/** The signal that `process.on("SIGTERM", …)` listens to. */
function listensTo(node: SyntaxNode): string | undefined {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return undefined;
  const { object, property } = node.callee;
  if (object.name !== "process" || !/^(on|once|addListener|prependListener)$/.test(property.name) || !node.arguments[1]) return undefined;
  const signal: unknown = node.arguments[0].value;
  return signal === "SIGTERM" || signal === "SIGINT" ? signal : undefined;
}
