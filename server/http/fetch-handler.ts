import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { badRequest, foreignOrigin } from "../../lib/errors/errors.js";
import { HEARTBEAT, MOST_CALLS } from "../../lib/wire/protocol.js";
import { askedHost, clientAddressOf } from "../access/address.js";
import type { TwinRequest } from "../access/callers.js";
import type { SessionCookie } from "../access/session.js";
import { type FormBody, pageOf, refusalPage, submitForm } from "../call/form.js";
import type { Runtime } from "../runtime.js";
import { errorShapeOf, type Refusal, statusOf } from "../wire/error-shape.js";
import { type Carry, eventStream } from "../wire/sse.js";
import { answerBatch, callsIn } from "./batch.js";
import { checkType, HttpRefusal, readWithin } from "./body.js";
import { readForm } from "./form-body.js";
import { REQUEST } from "./router.js";
import { type OpenedStream, SocketCalls } from "./socket-calls.js";
import { takeUpload } from "./upload.js";

/** A route handler: takes a request, and gives the response. */
export type Handler = (request: Request) => Promise<Response>;

/** How long browsers remember that an origin may call, in seconds: no more than they allow. */
const PREFLIGHT_LIFE = 7200;

/**
 * Answers one request to the twin's route: a mutation, some of them in a batch, a stream, or a browser's question whether a page of another origin may call.
 * `carry`: makes the response of a stream.
 */
export async function handle(runtime: Runtime, request: Request, carry: Carry = eventStream): Promise<Response> {
  const response = request.method === "OPTIONS" ? new Response(null, { status: 204 }) : await answer(runtime, request, carry);
  share(request, response, runtime.origins);
  // `no-transform`: what compresses would hold back what is streamed.
  response.headers.set("cache-control", "private, no-store, no-transform");
  return response;
}

/** Lets pages of the origins that the app names read the answer, with the session's cookie (CORS). */
function share({ method, headers: asked }: Request, { headers }: Response, origins: readonly string[]): void {
  if (origins.length === 0) return;
  headers.append("vary", "origin");
  const origin = asked.get("origin");
  if (origin === null || !origins.includes(origin)) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-allow-credentials", "true");
  if (method !== "OPTIONS") return;
  headers.set("access-control-allow-methods", "GET, POST");
  headers.set("access-control-allow-headers", asked.get("access-control-request-headers") ?? "content-type");
  headers.set("access-control-max-age", String(PREFLIGHT_LIFE));
}

/** Answers a load balancer: whether this server takes requests. */
async function readiness(runtime: Runtime): Promise<Response> {
  const ready = await runtime.ready();
  return Response.json({ status: ready ? "ready" : "not ready" }, { status: ready ? 200 : 503 });
}

async function answer(runtime: Runtime, request: Request, carry: Carry): Promise<Response> {
  const url = new URL(request.url);
  const { pathname } = url;
  const form = request.method === "POST" && pathname.endsWith("/$form");
  if (request.method === "GET") {
    if (pathname.endsWith("/health")) return Response.json({ status: "ok" });
    if (pathname.endsWith("/ready")) return readiness(runtime);
  }
  let req: Request = request;
  let posted: FormBody | undefined;
  let twinRequest: TwinRequest & { readonly session: SessionCookie };
  let back = form ? "/" : undefined;
  try {
    checkOrigin(request, runtime, form);
    if (request.method === "POST" && pathname.endsWith("/$upload")) return await takeUpload(runtime, request, await requestOf(runtime, request.headers), url);
    if (form) {
      // The origin has been checked: another one's page is nowhere to go back to.
      back = pageOf(request.headers);
      checkType(request, true);
    } else req = await readWithin(request, runtime.limits.maxBody);
    twinRequest = await requestOf(runtime, request.headers);
    if (form) posted = await readForm(request, runtime.limits);
  } catch (error) {
    return refuse(error, runtime, back);
  }
  if (posted) Object.assign(twinRequest, { cookies: request.headers.get("cookie"), secure: runtime.sessions.secure });
  const response = posted ? await submitForm(runtime, request.headers, twinRequest, posted) : await respond(runtime, req, twinRequest, url, carry);
  // A refusal sets no cookie: a form on another site, which is sent without the cookie, could replace the visitor's session.
  const { cookie, fresh, session } = twinRequest;
  twinRequest.late = true;
  if (cookie || fresh) response.headers.append("set-cookie", cookie ?? runtime.sessions.cookie(session.id));
  for (const kept of twinRequest.kept ?? []) response.headers.append("set-cookie", kept);
  return response;
}

/** Makes the client's request, as the router and the dispatcher take it, from its headers. */
async function requestOf(runtime: Runtime, headers: Headers): Promise<TwinRequest & { readonly session: SessionCookie }> {
  const recognised = runtime.callers.recognise(headers.get("cookie"));
  const found = recognised instanceof Promise ? await recognised : recognised;
  const session = found ?? { id: runtime.callers.newSession(), generation: 0, replaced: false };
  let context: Promise<object> | undefined;
  // A stream's request is kept as long as it is open, and a head is large: it is let go of when it has been read.
  let head: Headers | undefined = headers;
  return {
    session,
    replaced: session.replaced,
    fresh: found === undefined,
    address: clientAddressOf(headers, runtime.proxies),
    cookie: null,
    // Another node that runs the call makes the context anew.
    ...(runtime.nodes && { head: headers }),
    context: () => {
      context ??= runtime.contextOf(head as Headers, session.id);
      head = undefined;
      return context;
    },
  };
}

async function respond(runtime: Runtime, req: Request, twinRequest: TwinRequest, { pathname, search }: URL, carry: Carry): Promise<Response> {
  // Names of procedures have no slash: whatever stands before the last one is where the route is mounted.
  const slash = pathname.lastIndexOf("/");
  const path = pathname.slice(slash + 1);
  if (req.method === "GET" && path === "$live") return stream(runtime, req, twinRequest, carry);
  if (req.method === "POST" && search === "?batch=1" && req.headers.get("trpc-accept") === "application/jsonl") {
    const calls = callsIn(runtime, path, await req.text());
    if (calls && calls.length <= MOST_CALLS) return answerBatch(runtime, twinRequest, calls);
  }
  const response = await fetchRequestHandler({
    endpoint: pathname.slice(0, slash),
    req,
    router: runtime.router,
    maxBatchSize: MOST_CALLS,
    createContext: () => ({ [REQUEST]: twinRequest }),
  });
  return response.body ? new Response(runtime.outflow.paced(response.body), response) : response;
}

/** The subscription `$live`. It goes past tRPC, which would write each message anew for each subscriber. */
async function stream(runtime: Runtime, { url, signal }: Request, request: TwinRequest, carry: Carry): Promise<Response> {
  try {
    const line = runtime.streams.lineOf(await runtime.streams.live(request, inputOf(url)));
    const end = () => {
      signal.removeEventListener("abort", end);
      runtime.streams.leave(line.opener);
    };
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    return carry(line, { heartbeat: HEARTBEAT * 1000, end });
  } catch (error) {
    return refuse(error, runtime);
  }
}

/**
 * Opens the same subscription for a WebSocket, by its `input`, and with `events` also takes the tab's calls. A refusal is the JSON that `$live` would
 * answer with.
 */
export async function beginStream(runtime: Runtime, headers: Headers, input: string, events: boolean): Promise<OpenedStream | string> {
  try {
    const request = await requestOf(runtime, headers);
    // A socket carries no cookies.
    request.late = true;
    const connection = await runtime.streams.live(request, parsed(input));
    const { address, head, session } = request;
    return { connection, calls: events && connection.client !== undefined ? new SocketCalls(runtime, connection, { address, head, session }) : undefined };
  } catch (error) {
    return JSON.stringify(bodyOf(errorShapeOf(error, runtime.report)));
  }
}

const inputOf = (url: string) => parsed(new URL(url).searchParams.get("input") ?? "null");

function parsed(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    throw badRequest("Expected `input` to be JSON");
  }
}

/** Refuses a request; one that posted a form by a page with the way `back`. */
function refuse(error: unknown, runtime: Runtime, back?: string): Response {
  const refusal = errorShapeOf(error instanceof HttpRefusal ? error.cause : error, runtime.report);
  const status = error instanceof HttpRefusal ? error.status : statusOf(refusal.code);
  return back !== undefined ? refusalPage(refusal, status, back) : Response.json(bodyOf(refusal, status), { status });
}

const bodyOf = ({ message, ...told }: Refusal, status = statusOf(told.code)) => ({
  error: { message, code: -32600, data: { httpStatus: status, ...told } },
});

function checkOrigin({ headers }: Request, site: Site, form: boolean): void {
  // Any page can post a form. Where the app's pages hide their origin (`no-referrer`), this header proves it.
  if (form && headers.get("sec-fetch-site") === "same-origin") return;
  if (!mayCall(headers, site) || (form && !headers.has("origin")))
    throw foreignOrigin(headers.get("origin") ?? headers.get("sec-fetch-site") ?? "unknown origin");
}

/** The origins whose pages may call. */
interface Site {
  readonly origins: readonly string[];
  readonly proxies: number;
}

/** Pages of other sites must not act with the user's cookie. Requests without an origin come from no page. */
export function mayCall(headers: Headers, { origins, proxies }: Site): boolean {
  const origin = headers.get("origin");
  if (origin === null) return !["cross-site", "same-site"].includes(headers.get("sec-fetch-site") ?? "");
  const host = askedHost(headers, proxies);
  return origins.includes(origin) || (host !== "" && hostOf(origin) === host);
}

const hostOf = (origin: string) => (URL.canParse(origin) ? new URL(origin).host : undefined);
