import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import type { Random } from "./random.js";

/** A request of a client, before or after something in it was changed. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const NASTY = [
  null,
  -1,
  0,
  1e308,
  "",
  "__proto__",
  "constructor",
  "toString",
  {},
  [],
  [[]],
  { __proto__: null },
  "\u0000",
  "x".repeat(5000),
  true,
  Number.MAX_SAFE_INTEGER,
  [[0]],
  ["b", "1e9"],
  ["d", "no"],
  ["x", "Uint8Array", "!!"],
  ["r", "(a+)+$", "g"],
  ["l", "javascript:1"],
  [["a", 1, [1e9], 0]],
  [["f", 0, [1e9]]],
  JSON.parse('{"then":1}'),
  "session/x",
  "../..",
]; // prettier-ignore

/** Something in a JSON value, put in another place, taken out, or made another. */
export function mutateValue(value: unknown, random: Random): unknown {
  if (random.chance(0.15) || typeof value !== "object" || value === null) return random.chance(0.5) ? random.pick(NASTY) : value;
  if (Array.isArray(value)) {
    const copy: unknown[] = [...value];
    const at = random.int(copy.length + 1);
    const change = random.int(4);
    if (change === 0) copy.splice(at, 1);
    else if (change === 1) copy.splice(at, 0, random.pick(NASTY));
    else if (change === 2 && copy.length > 0) copy.splice(at, 0, random.pick(copy));
    else if (at < copy.length) copy[at] = mutateValue(copy[at], random);
    return copy;
  }
  const copy: Record<string, unknown> = { ...value };
  const keys = Object.keys(copy);
  if (keys.length === 0) return copy;
  const key = random.pick(keys);
  const change = random.int(4);
  if (change === 0) delete copy[key];
  else if (change === 1) Object.defineProperty(copy, random.pick(["__proto__", "constructor", "length", "0"]), { value: random.pick(NASTY), enumerable: true });
  else copy[key] = mutateValue(copy[key], random);
  return copy;
}

function mutateText(text: string, random: Random): string {
  const at = random.int(text.length + 1);
  switch (random.int(5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + String.fromCharCode(random.int(0x300)) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + text.slice(random.int(text.length + 1));
    case 3:
      return text + text;
    default:
      return text.slice(0, at) + random.pick(["[", "{", '"', "\\", "1e999", "null", "%00", ",,"]) + text.slice(at);
  }
}

function mutateBody(body: string, random: Random): string {
  if (!body.startsWith("{") || random.chance(0.25)) return mutateText(body, random);
  let value = JSON.parse(body) as unknown;
  for (let n = 1 + random.int(3); n > 0; n--) value = mutateValue(value, random);
  return JSON.stringify(value) ?? "";
}

/** A request of which something was changed. */
export function mutate(sent: Sent, cookie: string, random: Random): Sent {
  let { method, path, body } = sent;
  const headers: Record<string, string> = { ...sent.headers, cookie };
  if (random.chance(0.75)) body = mutateBody(body, random);
  if (random.chance(0.2)) path = encodeURI(mutateText(path, random)).replaceAll("%25", "%");
  if (random.chance(0.1))
    path = random.pick(["board.note", "wall.note", "todo.add", "$live", "__proto__.x", "todo.constructor", "a,b,c", "?batch=1", "//", "$connect?batch=1"]);
  if (random.chance(0.1)) headers.cookie = mutateText(cookie, random).replaceAll(/[^\x20-\x7e]/g, "_");
  if (random.chance(0.05)) delete headers.cookie;
  if (random.chance(0.05)) headers.origin = random.pick(["https://evil.example", "null", "http://127.0.0.1", "", "http://[::1"]);
  if (random.chance(0.05)) headers["content-type"] = random.pick(["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""]);
  if (random.chance(0.05)) headers["sec-fetch-site"] = random.pick(["cross-site", "same-site", "none"]);
  if (random.chance(0.05)) headers["x-forwarded-host"] = "evil.example";
  if (random.chance(0.05)) method = random.pick(["GET", "POST"]);
  return { method, path, body: method === "GET" ? "" : body, headers };
}

/** The connections of what is sent. */
export const agent = new Agent({ keepAlive: true, maxSockets: 16 });
/** The connections of what may be a stream, which goes on. */
export const streaming = new Agent({ keepAlive: true });

/** Sends it as it is. Of a stream, what comes first is enough; `follow` gets it on and on, until the connections are closed. */
export async function send(url: string, { method, path, body, headers }: Sent, follow?: (chunk: string) => void): Promise<{ status: number; text: string }> {
  const req = request(`${url}/`, {
    method,
    path: `/api/twin/${path}`,
    agent: follow ? streaming : agent,
    headers: { ...headers, "content-length": Buffer.byteLength(body) },
  });
  req.end(body);
  const [response] = (await once(req, "response")) as [IncomingMessage];
  let text = "";
  const stream = String(response.headers["content-type"]).includes("event-stream");
  if (stream && follow) {
    response.on("data", follow).on("error", () => {});
    return { status: response.statusCode ?? 0, text };
  }
  for await (const chunk of response) {
    text += chunk;
    if (stream && text.includes("hello")) break;
  }
  return { status: response.statusCode ?? 0, text };
}
