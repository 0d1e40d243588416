import { CATEGORIES } from "../state/query";
import type { NewOrder } from "./schema";

const FIRST = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "Ken", "Margaret", "Niklaus"];
const LAST = ["Baker", "Carter", "Fisher", "Gardner", "Hunter", "Mason", "Miller", "Potter", "Shepherd", "Weaver"];
const DAYS = 30;
const DAY = 86_400_000;

/** An element by a number from 0 to below 1. Lower ones are more frequent. */
const pick = <T>(all: readonly T[], chance: number) => all[Math.floor(chance * chance * all.length)] as T;

/** An order that somebody might have made. */
export function sample(at: Date, random: () => number = Math.random): NewOrder {
  return {
    at: at.toISOString(),
    customer: `${pick(FIRST, random())} ${pick(LAST, random())}`,
    category: pick(CATEGORIES, random()),
    amount: 500 + Math.floor(random() * 19_500),
  };
}

/** Orders of the last days, the same ones each time, oldest first. */
export function samples(count: number, until: Date): NewOrder[] {
  let seed = 1;
  const random = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const times = Array.from({ length: count }, () => until.getTime() - random() * DAYS * DAY).sort((a, b) => a - b);
  return times.map((time) => sample(new Date(time), random));
}
