import { byline, type Person } from "./person";

/** Who has a tab with a room. */
export interface Guest {
  person: Person;
  device: "phone" | "computer";
}

/** A tab as others see it. */
export const guestOf = ({ visitor, device }: { visitor: Person; device: Guest["device"] }): Guest => ({ person: byline(visitor), device });
