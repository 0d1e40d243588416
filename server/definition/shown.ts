import type { PresenceSchema } from "../../lib/class/schema.js";
import { refusedBySchema } from "../../lib/errors/errors.js";
import { noPresence, presenceNoObject, presenceTooLarge } from "../../lib/errors/presence-errors.js";
import { boundedIssues } from "../wire/issues.js";
import { decodeArguments } from "../wire/request-input.js";
import { type ArgumentLimits, sizeIssue } from "./arguments.js";

/** How many characters of JSON a tab may show by a field. */
const LARGEST = 4096;

/**
 * Checks what a tab would show of itself in a presence field, and gives it as the schema makes it.
 * @param value an encoded value, as the client has sent it
 * @throws EventError `NOT_FOUND` where the field takes nothing, `INVALID`
 */
export async function checkShown(store: string, field: string, schema: PresenceSchema | undefined, value: unknown, limits: ArgumentLimits): Promise<object> {
  const label = `${store}.${field}`;
  const { input } = schema ?? {};
  if (!input) throw noPresence(store, field);
  if ((JSON.stringify(value) ?? "").length > LARGEST) throw presenceTooLarge(label, LARGEST);
  const given = decodeArguments(value, limits.maxValues);
  const excess = sizeIssue([given], limits);
  if (excess) throw refusedBySchema(store, field, [excess]);
  const result = await input["~standard"].validate(given);
  if (result.issues) {
    const issues = boundedIssues(result.issues);
    throw refusedBySchema(store, field, issues, Math.max(0, result.issues.length - issues.length));
  }
  if (!isPlainObject(result.value)) throw presenceNoObject(label);
  return result.value;
}

/** Whether a value is an object with properties, and no list, date or instance. */
export function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
