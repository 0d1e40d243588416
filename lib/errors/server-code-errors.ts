import { messageOf, shown, wrong } from "./errors.js";

// The wording of what goes wrong with calls from server code, webhooks and revalidation. The server alone loads it.

export const badBroadcast = (store: string, what: string) =>
  wrong("SERVER_CODE", `\`twin.${store}.broadcast()\` got ${what}: \`twin.${store}.broadcast((${store}) => ${store}.announce("…"), { live: true })\`.`);

export const badKeys = (store: string, what: string) =>
  wrong("SERVER_CODE", `\`twin.${store}.keys()\` got ${what}: \`twin.${store}.keys({ prefix: "team-", limit: 100 })\`.`);

export const badTags = (event: string, tags: unknown) =>
  wrong(
    "SERVER_CODE",
    `The \`revalidate\` of \`${event}\` gave ${shown(tags)}, which is no list of tags: return an array of texts that are not empty, without \`async\`.`,
  );
export const tagsFailed = (event: string, error: unknown) =>
  wrong("SERVER_CODE", `The \`revalidate\` of \`${event}\` threw. Its commit stays, and no page is revalidated: ${messageOf(error)}`, error);
export const revalidateFailed = (event: string, tags: readonly string[], error: unknown) =>
  wrong(
    "SERVER_CODE",
    `After \`${event}\`, \`createTwin({ revalidate })\` did not revalidate ${tags.map((tag) => `\`${tag}\``).join(", ")}: ${messageOf(error)}`,
    error,
  );
export const revalidateLate = (event: string, ms: number) =>
  wrong("SERVER_CODE", `After \`${event}\`, \`createTwin({ revalidate })\` took more than ${ms} ms: the event has been answered before it was done.`);
export const noRevalidate = (events: readonly string[]) =>
  wrong(
    "SERVER_CODE",
    `${events.map((event) => `\`${event}\``).join(", ")} name tags to revalidate, and nobody does that. Set \`createTwin({ revalidate })\`, in Next with \`import { revalidate } from "twinstate/next"\`.`,
  );
export const badProfile = (profile: unknown) =>
  wrong("SERVER_CODE", `\`createRevalidate({ profile })\` got ${shown(profile)}: give \`{ expire: 0 }\`, or the name of a profile of \`cacheLife\`, as "max".`);
export const otherNext = (error: unknown) =>
  wrong(
    "SERVER_CODE",
    `\`revalidate\` of \`twinstate/next\` does not find the caches of this version of Next. Give \`createTwin({ revalidate })\` a function of your own, which calls \`revalidateTag\` by a route of the app. (${messageOf(error)})`,
    error,
  );

export const badOnce = (store: string, id: unknown) =>
  wrong(
    "SERVER_CODE",
    `\`twin.${store}(…).$once()\` got ${shown(id)}: give the id of what happens once, as the id of a webhook's delivery, which is a text that is not empty.`,
  );
