import type { App } from "./app.js";
import type { Manager } from "./package-manager.js";
import { WRITTEN } from "./written.js";

/** The image that all stages begin with: a version of Node with long support, on Debian. */
const NODE = "node:24-bookworm-slim";
const BUN = "oven/bun:1.3";

/** How a package manager installs what the lock file says: all, and what runs alone. */
const INSTALL: Readonly<Record<Manager, { readonly all: string; readonly run: string; readonly build: string }>> = {
  npm: { all: "npm ci", run: "npm ci --omit=dev", build: "npm run build" },
  pnpm: { all: "pnpm install --frozen-lockfile", run: "pnpm install --frozen-lockfile --prod", build: "pnpm run build" },
  yarn: {
    all: "yarn install --frozen-lockfile && yarn cache clean",
    run: "yarn install --frozen-lockfile --production && yarn cache clean",
    build: "yarn run build",
  },
  bun: { all: "bun install --frozen-lockfile", run: "bun install --frozen-lockfile --production", build: "bun run build" },
};
/** Yarn from version 2 on. */
const BERRY = {
  all: "yarn install --immutable && yarn cache clean",
  run: "yarn workspaces focus --all --production && yarn cache clean",
  build: "yarn run build",
};

/** How the manager comes into an image, where Node's does not have it. */
const MANAGER: Readonly<Record<Manager, string>> = {
  npm: "",
  pnpm: "RUN corepack enable pnpm\n",
  yarn: "RUN corepack enable yarn\n",
  bun: `COPY --from=${BUN} /usr/local/bin/bun /usr/local/bin/\n`,
};

/** What the last stage of an image copies from the others. */
function copied({ hasPublic, config }: App, server: string | undefined): string {
  const publicFiles = hasPublic ? "COPY --from=build --chown=node:node /app/public ./public\n" : "";
  if (server === undefined) {
    return `COPY --from=build --chown=node:node /app/.next/standalone ./
COPY --from=build --chown=node:node /app/.next/static ./.next/static
${publicFiles}`;
  }
  return `COPY --from=packages --chown=node:node /app/node_modules ./node_modules
COPY --from=build --chown=node:node /app/.next ./.next
${publicFiles}COPY --from=build --chown=node:node /app/package.json${config ? ` /app/${config.file}` : ""} /app/${server} ./
`;
}

/**
 * The image of an app. Without a server of the app's own it has Next's standalone output, whose streams are server-sent events. With one it has the
 * packages that run, for WebSockets: Next makes the standalone output for no other server than its own.
 */
export function dockerfile(app: App, server: string | undefined): string {
  const { all, run, build } = app.manager === "yarn" && app.manifests.includes(".yarnrc.yml") ? BERRY : INSTALL[app.manager];
  const stage = (install: string) => `COPY ${app.manifests.join(" ")} ./
RUN ${install}
`;
  const packages =
    server === undefined
      ? ""
      : `
FROM base AS packages
${stage(run)}`;
  const then =
    server === undefined ? `{ test -f .next/standalone/server.js || { echo 'next.config needs output: "standalone"' >&2; exit 1; }; }` : "rm -rf .next/cache";
  return `# syntax=docker/dockerfile:1
# ${server === undefined ? "The app as Next's standalone output: streams are server-sent events." : "The app with a server of its own: streams are WebSockets too."}
# ${WRITTEN}
FROM ${NODE} AS base
WORKDIR /app
ENV NEXT_TELEMETRY_DISABLED=1
${MANAGER[app.manager]}
FROM base AS dependencies
${stage(all)}${packages}
FROM dependencies AS build
COPY . .
ARG GIT_SHA=""
ENV GIT_SHA=$GIT_SHA${server === undefined ? " STANDALONE=1" : ""}
RUN ${build} \\
  && ${then}

FROM ${NODE} AS app
WORKDIR /app
ARG GIT_SHA=""
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOSTNAME=0.0.0.0 PORT=3000 GIT_SHA=$GIT_SHA
RUN install -d -o node -g node /data
${copied(app, server)}# The user \`node\`.
USER 1000
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \\
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000${app.route}/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is the first process, so the signal reaches it: npm would not pass it on.
CMD ["node", "${server ?? "server.js"}"]
`;
}

/** What of the folder no image gets. */
export const dockerignore = (): string => `# ${WRITTEN}
node_modules
.next
.git
.twinstate
.env*
**/*.db
**/*.db-shm
**/*.db-wal
Dockerfile
compose.yaml
deploy
`;
