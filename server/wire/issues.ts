import type { StandardSchemaV1 } from "@standard-schema/spec";
import { tagOf } from "../../lib/errors/errors.js";
import { silence } from "./plain-values.js";

type Issue = StandardSchemaV1.Issue;

/** How many issues of one call are sent. */
const MOST_ISSUES = 100;
/** How many characters of an issue's message, and of a key in its path, are sent. */
const LONGEST_MESSAGE = 500;
const LONGEST_KEY = 100;
/** How many keys of a path are sent, from its beginning. */
const LONGEST_PATH = 32;
/** How many characters all issues have together. */
const MOST_TEXT = 16_384;

/**
 * The first issues of a schema, as they may be sent: texts are cut, and keys are strings and numbers.
 * A visitor decides how many a schema finds, and a Map's keys may be anything.
 */
export function boundedIssues(found: readonly Issue[]): Issue[] {
  // A schema may refuse without an issue.
  if (!Array.isArray(found) || found.length === 0) {
    silence(found);
    return [{ message: "Not valid", path: [] }];
  }
  const issues: Issue[] = [];
  let room = MOST_TEXT;
  const first = found.slice(0, MOST_ISSUES);
  // The issues are walked together, as each may hold the whole value that was checked, as valibot's do.
  silence(first);
  for (const { message, path } of first) {
    const issue = { message: cut(String(message), LONGEST_MESSAGE), path: pathOf(path) };
    room -= issue.message.length;
    for (const key of issue.path) room -= String(key).length;
    if (room < 0 && issues.length > 0) break;
    issues.push(issue);
  }
  return issues;
}

function pathOf(path: Issue["path"]): (string | number)[] {
  const keys: (string | number)[] = [];
  if (!Array.isArray(path)) return keys;
  for (let i = 0; i < path.length && i < LONGEST_PATH; i++) keys.push(keyOf(path[i]));
  return keys;
}

function keyOf(segment: unknown): string | number {
  const key = typeof segment === "object" && segment !== null && "key" in segment ? segment.key : segment;
  if (typeof key === "number" && Number.isFinite(key)) return key;
  return cut(typeof key === "object" && key !== null ? tagOf(key) : typeof key === "function" ? "function" : String(key), LONGEST_KEY);
}

/** Cuts a text to a length. */
export const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
