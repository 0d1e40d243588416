import { randomBytes } from "node:crypto";

let last = 0;

/** Gives a feed of this process the number by which streams name it. */
export const nextFeedNumber = (): number => ++last;

/** Names this process. */
const PROCESS = randomBytes(9).toString("base64url");

/** Names the life of a host of this process, by its number: no other life has that name, at any node. */
export const lifeOf = (number: number): string => `${PROCESS}.${number}`;
