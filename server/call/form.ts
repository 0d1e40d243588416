import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Rendering } from "../../client/form.js";
import { badRequest, noEventInForm } from "../../lib/errors/errors.js";
import type { TwinRequest } from "../access/callers.js";
import { parseEventPath } from "../definition/event-path.js";
import type { Runtime } from "../runtime.js";
import { errorShapeOf, type Refusal, statusOf } from "../wire/error-shape.js";
import { redirectIn } from "./redirect.js";

/** Pages are rendered in this process, so their forms get the fields and action that browsers post without JavaScript. */
const render: Rendering = ({ label, key, url, ref }, bound) => {
  // No server has a local store.
  if (url === "") return null;
  // The state of `useActionState` is bound too, and is no argument.
  const args = bound.filter((value) => ["string", "number", "boolean"].includes(typeof value));
  const on = parseEventPath(label).model === undefined ? undefined : ref();
  const more = new URLSearchParams({
    ...(key !== null && { key }),
    ...(on && { on: JSON.stringify(on) }),
    ...(args.length > 0 && { bound: JSON.stringify(args) }),
  });
  const name = `$${label}${more.size > 0 ? `?${more}` : ""}`;
  return { name, action: `${url}/$form`, method: "POST", encType: "multipart/form-data", data: null };
};
Object.assign(globalThis, { [Symbol.for("twinstate.form")]: render });

/** The content types of forms. */
export const FORM_TYPES: readonly string[] = ["multipart/form-data", "application/x-www-form-urlencoded"];

/** The form that a request brings. */
export interface FormBody {
  /** The values of inputs, in the form's order. */
  readonly fields: readonly (readonly [name: string, value: FormDataEntryValue])[];
  /** Ends the file that is read as it arrives, and drops what is left of the body. */
  end(): Promise<void>;
}

/** Answers a form that a browser has posted without JavaScript: the event runs, and the browser goes back to the page, or where the event redirects it. */
export async function submitForm(runtime: Runtime, headers: Headers, twinRequest: TwinRequest, form: FormBody): Promise<Response> {
  const back = pageOf(headers);
  let location: string | undefined;
  try {
    const fields = form.fields.map(([name, value]) => [name, isNoFile(value) ? null : value] as const);
    const { path, key, on, bound } = calledBy(fields.map(([name]) => name));
    await runtime.dispatcher.invoke(
      twinRequest,
      path,
      { key, on, args: { fields, bound } },
      {
        effects: (effects) => () => {
          location = redirectIn(effects) ?? location;
        },
      },
    );
    return seeOther(location ?? back, back);
  } catch (error) {
    // What refuses a call may say where to go, as to sign in.
    if (location !== undefined) return seeOther(location, back);
    const refusal = errorShapeOf(error, runtime.report);
    return refusalPage(refusal, statusOf(refusal.code), back);
  } finally {
    await form.end();
  }
}

const seeOther = (address: string, back: string) => new Response(null, { status: 303, headers: { location: headerOf(fromPage(address, back)) } });

/** Encodes an address for a header: all but visible ASCII is percent-encoded. `URL` does so too, but takes no relative addresses. */
const headerOf = (address: string) => address.trim().replace(/[^\x21-\x7e]+/g, (part) => Buffer.from(part).toString("hex").toUpperCase().replace(/../g, "%$&"));

/** An address as it is read on the form's page: the browser would read it from the address of the form's event. */
function fromPage(address: string, page: string): string {
  if (/^\s*[/]/.test(address) || URL.canParse(address)) return address;
  const { href, pathname, search, hash } = new URL(address, new URL(page, "https://own.invalid"));
  return page === "/" ? pathname + search + hash : href;
}

/** Browsers send a nameless, empty file for an input without one. */
const isNoFile = (value: FormDataEntryValue) => typeof value !== "string" && value.name === "" && value.size === 0;

/**
 * Finds the event that a form calls. A name says it, as `$todo.add`, `$board.move?key=a&bound=["b"]` or `$todo.Item.toggle?on=["…",3,17]`. The last such
 * name counts, as a button with an event of its own comes after its form's.
 */
function calledBy(names: readonly string[]) {
  const found = names.findLast((name) => CALL.test(name));
  if (found === undefined) throw noEventInForm();
  const [, path = "", more] = CALL.exec(found) ?? [];
  const params = new URLSearchParams(more);
  const on = params.get("on");
  return {
    path: parseEventPath(path),
    key: params.get("key") ?? undefined,
    on: on === null ? undefined : listOf("on", on),
    bound: listOf("bound", params.get("bound") ?? "[]"),
  };
}

const CALL = /^\$(\w+(?:\.\w+){1,2})(?:\?(.*))?$/s;

function listOf(name: string, sent: string): unknown[] {
  try {
    const list: unknown = JSON.parse(sent);
    if (Array.isArray(list)) return list;
  } catch {
    // Text that is no JSON is refused as other values are, below.
  }
  throw badRequest(`Expected \`${name}\` to be a list, as JSON`);
}

/** The page that the form stood on. The origin of the request has been checked: another one's address is nowhere to go back to. */
export function pageOf(headers: Headers): string {
  const page = headers.get("referer") ?? "";
  const { origin, host } = URL.canParse(page) ? new URL(page) : { origin: "", host: "" };
  return host !== "" && (origin === headers.get("origin") || host === headers.get("host")) ? page : "/";
}

/** Makes a page that says why, with the way back. */
export function refusalPage({ code, message, data }: Refusal, status: number, back: string): Response {
  const { issues } = (data ?? {}) as { issues?: unknown };
  // Data of other codes is the app's own, whatever its names.
  const told = code === "INVALID" && Array.isArray(issues) ? (issues as readonly StandardSchemaV1.Issue[]) : [];
  const reasons = told.length > 0 ? told.map(({ message, path = [] }) => [...path, message].join(": ")) : [message];
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Not done</title>
<h1>Not done</h1>${reasons.map((reason) => `<p>${escaped(reason)}</p>`).join("")}<p><a href="${escaped(back)}">Back</a></p></html>`;
  const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'", "x-content-type-options": "nosniff" };
  return new Response(html, { status, headers });
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string) => text.replace(/[&<>"']/g, (letter) => ESCAPES[letter] as string);
