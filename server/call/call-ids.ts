import type { Host } from "../host/host.js";
import { LONGEST_ID, type NumberedCall } from "../wire/request-input.js";

/** Names a numbered call among all. */
export const idOf = (host: Host, { client, n }: NumberedCall) => `${host.id} ${client} ${n}`;
/** Names a call that has not come: in another incarnation, the same number is another call. */
export const earlyId = (id: string, incarnation: unknown) => `${id} ${typeof incarnation === "string" ? incarnation.slice(0, LONGEST_ID) : ""}`;
