import { bodyTooLarge, notForm, notJson } from "../../lib/errors/errors.js";
import { FORM_TYPES } from "../call/form.js";

const JSON_TYPES: readonly string[] = ["application/json"];

/** A request that is refused with an HTTP status of its own. */
export class HttpRefusal extends Error {
  constructor(
    override readonly cause: Error,
    readonly status: number,
  ) {
    super(cause.message);
  }
}

/** Refuses a body of another content type. */
export function checkType({ headers }: Request, form: boolean): void {
  const type = headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "none";
  if (!(form ? FORM_TYPES : JSON_TYPES).includes(type)) throw new HttpRefusal(form ? notForm(type) : notJson(type), 415);
}

/** The request with its body read, which never takes more memory than the limit. A real `Request` would cost more than the event that it carries. */
export async function readWithin(request: Request, limit: number): Promise<Request> {
  if (request.method === "GET" || request.method === "HEAD") return request;
  checkType(request, false);
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw new HttpRefusal(bodyTooLarge(limit), 413);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > limit) throw new HttpRefusal(bodyTooLarge(limit), 413);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const { url, method, headers, signal } = request;
  return { url, method, headers, signal, text: async () => bytes.toString() } satisfies Partial<Request> as Request;
}
