import { applyEdits, findNodeAtLocation, type JSONPath, modify, type Node, type ParseError, parseTree } from "jsonc-parser";
import { noJsonObject, unreadableJson } from "../../lib/errors/command-errors.js";
import { indentUnit } from "./insertions.js";

/** A JSON file with comments, such as `tsconfig.json`, to be read and changed. Its formatting stays. */
export class JsonText {
  readonly #path: string;
  /** The mark that some editors begin a file with. */
  readonly #mark: string;
  #text: string;
  #root: Node;

  /** @throws StateError that names the file and the line, if it is no object of JSON */
  constructor(path: string, text: string) {
    this.#path = path;
    this.#mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
    this.#text = text.slice(this.#mark.length);
    this.#root = this.#parse();
  }

  get text(): string {
    return this.#mark + this.#text;
  }

  #parse(): Node {
    const errors: ParseError[] = [];
    const root = parseTree(this.#text, errors, { allowTrailingComma: true });
    if (!root || errors.length > 0) throw unreadableJson(this.#path, this.#lineOf(errors[0]?.offset ?? 0));
    if (root.type !== "object") throw noJsonObject(`${this.#path}:1`);
    return root;
  }

  #lineOf(offset: number): number {
    return this.#text.slice(0, offset).split("\n").length;
  }

  /** The value at a path, and its line. */
  at(...path: JSONPath): { readonly value: unknown; readonly line: number } | undefined {
    const node = findNodeAtLocation(this.#root, path);
    return node && { value: valueOf(node), line: this.#lineOf(node.parent?.type === "property" ? node.parent.offset : node.offset) };
  }

  /**
   * Sets a value. A new key goes in front of the others, whose lines stay as they are; `sorted`: among keys in alphabetical order.
   * @throws StateError if something else than an object stands on the way
   */
  set(path: JSONPath, value: unknown, sorted = false): void {
    const [outer] = path;
    const parent = this.at(outer as string);
    if (path.length > 1 && parent && (Array.isArray(parent.value) || Object(parent.value) !== parent.value))
      throw noJsonObject(`${this.#path}:${parent.line}: \`${outer}\``);
    const unit = indentUnit(this.#text);
    const formattingOptions = { insertSpaces: unit !== "\t", tabSize: unit.length, eol: this.#text.includes("\r\n") ? "\r\n" : "\n" };
    const key = String(path.at(-1));
    const getInsertionIndex = (keys: string[]) => (sorted ? keys.filter((other) => other < key).length : 0);
    this.#text = applyEdits(this.#text, modify(this.#text, path, value, { formattingOptions, getInsertionIndex }));
    this.#root = this.#parse();
  }
}

function valueOf(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(valueOf);
  if (node.type !== "object") return node.value;
  return Object.fromEntries((node.children ?? []).flatMap(({ children: [key, value] = [] }) => (key && value ? [[key.value, valueOf(value)]] : [])));
}
