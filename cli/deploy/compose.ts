import type { App } from "./app.js";
import { WRITTEN } from "./written.js";

export type ProxyName = "caddy" | "nginx";

export interface ComposeOptions {
  readonly nodes: number;
  readonly proxy: ProxyName;
}

/** The names of an app's containers. */
export const containersOf = (nodes: number): string[] => Array.from({ length: nodes }, (_, i) => `app-${i + 1}`);

const PROXIES: Readonly<Record<ProxyName, string>> = {
  caddy: `    image: caddy:2-alpine
    environment:
      SITE: \${SITE:-:80}
    ports: ["80:80", "443:443", "443:443/udp"]
    volumes:
      - ./deploy/Caddyfile:/etc/caddy/Caddyfile:ro
      - certificates:/data
`,
  nginx: `    image: nginx:1.28-alpine
    ports: ["80:80"]
    volumes:
      - ./deploy/nginx.conf:/etc/nginx/conf.d/default.conf:ro
`,
};

/** One node keeps its state in a file of its own. Several share a Redis. */
const SHARED = `  redis:
    image: redis:8-alpine
    # Nothing that was acknowledged is lost with the machine's power.
    command: ["redis-server", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]
    restart: unless-stopped
    volumes: ["redis:/data"]
    healthcheck:
      test: ["CMD", "redis-cli", "ping"]
      interval: 5s
`;

/** The containers of an app: its nodes, a proxy in front of them, and what they share. */
export function compose({ name }: App, { nodes, proxy }: ComposeOptions): string {
  const one = nodes === 1;
  const containers = containersOf(nodes);
  const state = one ? "TWIN_FILE: /data/twin.db" : "REDIS_URL: redis://redis:6379";
  const volumes = [...(one ? ["data"] : ["redis"]), ...(proxy === "caddy" ? ["certificates"] : [])];
  return `# The app on one machine: \`docker compose up -d --build\`.
# ${WRITTEN}
name: ${name}

x-app: &app
  image: ${name}
  build:
    context: .
    args:
      GIT_SHA: \${GIT_SHA:-}
  restart: unless-stopped
  # Longer than \`closeGrace\`, in which running events end.
  stop_grace_period: 20s
  environment:
    TWINSTATE_SECRET: \${TWINSTATE_SECRET:?Write TWINSTATE_SECRET into .env, as of openssl rand -base64 32}
    ${state}
${one ? `  volumes: ["data:/data"]\n` : `  depends_on:\n    redis:\n      condition: service_healthy\n`}
services:
${containers.map((container) => `  ${container}: *app\n`).join("")}  proxy:
${PROXIES[proxy]}    restart: unless-stopped
    depends_on: [${containers.join(", ")}]
${one ? "" : SHARED}
volumes:
${volumes.map((volume) => `  ${volume}:\n`).join("")}`;
}
