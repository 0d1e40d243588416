import { randomBytes, randomUUID } from "node:crypto";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import {
  CallToolRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { clientAddressOf } from "../access/address.js";
import type { TwinRequest } from "../access/callers.js";
import type { SessionCookie } from "../access/session.js";
import type { Runtime } from "../runtime.js";
import type { Exposed } from "./exposed.js";
import type { McpOptions } from "./index.js";
import { listResources, listTemplates, readResource, resourceOf } from "./resources.js";
import { Subscriptions } from "./subscriptions.js";
import { callTool, listTools } from "./tools.js";

interface Life {
  began(id: string): void;
  ended(id: string): void;
}

/** What the SDK hands to whoever handles a message, as far as it is used here. */
interface Extra {
  readonly authInfo?: { readonly extra?: Record<string, unknown> };
}

const requestIn = ({ authInfo }: Extra) => authInfo?.extra?.request as TwinRequest;

/** One connected agent. To the twin it is a session with one tab. */
export class Agent {
  readonly #runtime: Runtime;
  readonly #server: Server;
  readonly #client = randomBytes(16).toString("base64url");
  readonly #subscriptions: Subscriptions;
  #transport: WebStandardStreamableHTTPServerTransport | undefined;
  #session: SessionCookie;
  #last: TwinRequest | undefined;
  /** How many streams of notifications are open. */
  #streams = 0;
  /** Who it is: the id of the context's user. */
  user: string | undefined;
  used = Date.now();
  began = false;

  constructor(runtime: Runtime, exposed: Exposed, { name = "twin", version = "1", instructions }: McpOptions) {
    this.#runtime = runtime;
    this.#session = { id: runtime.callers.newSession(), generation: 0 };
    this.#server = new Server(
      { name, version },
      { capabilities: { tools: {}, resources: { subscribe: true } }, ...(instructions !== undefined && { instructions }) },
    );
    this.#subscriptions = new Subscriptions(runtime, this.#client, {
      request: () => this.#last as TwinRequest,
      changed: (uri) => void this.#server.sendResourceUpdated({ uri }).catch(() => {}),
    });
    this.#handleAll(exposed);
  }

  /** Whether the agent has an open stream for notifications. */
  get listens(): boolean {
    return this.#streams > 0;
  }

  /** A request of it, as the twin takes it: headers make the context, as for browsers. Cookies of the twin's sessions do not count here. */
  request(headers: Headers): TwinRequest {
    let context: Promise<object> | undefined;
    const { id } = this.#session;
    return {
      session: this.#session,
      client: this.#client,
      address: clientAddressOf(headers, this.#runtime.proxies),
      cookie: null,
      context: () => (context ??= this.#runtime.contextOf(headers, id)),
    };
  }

  async open({ began, ended }: Life): Promise<void> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      maxRequestBodySize: this.#runtime.limits.maxBody,
      onsessioninitialized: (id) => {
        this.began = true;
        began(id);
      },
    });
    this.#transport = transport;
    this.#server.onclose = () => {
      this.#subscriptions.close();
      if (transport.sessionId !== undefined) ended(transport.sessionId);
    };
    await this.#server.connect(transport);
  }

  async handle(request: Request, asked: TwinRequest): Promise<Response> {
    this.#last = asked;
    const authInfo = { token: "", clientId: "", scopes: [], extra: { request: asked } };
    const response = (await this.#transport?.handleRequest(request, { authInfo })) as Response;
    if (request.method === "GET" && response.ok) {
      this.#streams++;
      request.signal.addEventListener("abort", () => this.#streams--, { once: true });
    }
    response.headers.set("cache-control", "private, no-store, no-transform");
    return response;
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  #handleAll(exposed: Exposed): void {
    const runtime = this.#runtime;
    const server = this.#server;
    server.setRequestHandler(ListToolsRequestSchema, async (_, extra) => ({ tools: await listTools(runtime, exposed, requestIn(extra)) }));
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
      const { progressToken } = params._meta ?? {};
      let progress = 0;
      const request = requestIn(extra);
      const yielded = (value: unknown) => {
        if (progressToken === undefined) return;
        const params = { progressToken, progress: ++progress, message: JSON.stringify(value) };
        void extra.sendNotification({ method: "notifications/progress", params }).catch(() => {});
      };
      const result = await callTool(runtime, exposed, request, params, { yielded, signal: extra.signal });
      this.#renew(request);
      return result;
    });
    server.setRequestHandler(ListResourcesRequestSchema, async (_, extra) => ({ resources: await listResources(runtime, exposed, requestIn(extra)) }));
    server.setRequestHandler(ListResourceTemplatesRequestSchema, async () => ({ resourceTemplates: listTemplates(exposed) }));
    server.setRequestHandler(ReadResourceRequestSchema, async ({ params: { uri } }, extra) => readResource(runtime, exposed, requestIn(extra), uri));
    server.setRequestHandler(SubscribeRequestSchema, async ({ params: { uri } }) => {
      await this.#subscriptions.add(resourceOf(exposed, uri));
      return {};
    });
    server.setRequestHandler(UnsubscribeRequestSchema, async ({ params: { uri } }) => {
      this.#subscriptions.remove(resourceOf(exposed, uri));
      return {};
    });
  }

  /** An event has rotated the session: its cookie is kept here, as the agent has none. */
  #renew({ cookie }: TwinRequest): void {
    const renewed = typeof cookie === "string" ? this.#runtime.sessions.readCookie(cookie.split(";", 1)[0]) : undefined;
    if (renewed) this.#session = renewed;
  }
}
