import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createSessions } from "../../server/access/session.js";
import { Tickets } from "../../server/stream/tickets.js";
import { Random } from "../kit/random.js";

const rounds = process.env.TEST_FULL === undefined ? 4000 : 100_000;
const seed = Number(process.env.SEED ?? Date.now() % 1e9);
const SECRET = "a secret for tests alone";
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** A ticket that somebody has, and what it stands for. */
interface Held {
  readonly ticket: string;
  readonly session: string;
  readonly epoch: number;
}

/** A text that an attacker makes of tickets. */
function forged(random: Random, held: readonly Held[]): string {
  const { ticket } = random.pick(held);
  const other = random.pick(held).ticket;
  const at = random.int(ticket.length);
  const letter = random.pick([...ALPHABET]);
  switch (random.int(7)) {
    case 0:
      return ticket.slice(0, at);
    case 1:
      return ticket.slice(at);
    case 2:
      return ticket.slice(0, at) + letter + ticket.slice(at + 1);
    case 3:
      // The salt of one, the rest of another; or parts of two.
      return ticket.slice(0, at) + other.slice(at);
    case 4:
      return ticket + letter.repeat(1 + random.int(5000));
    case 5:
      return Array.from({ length: random.int(300) }, () => random.pick([...ALPHABET, "=", "%", "\u0000", "é"])).join("");
    default: {
      const bytes = Buffer.from(ticket, "base64url");
      const bit = random.int(8 * bytes.length);
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      return bytes.toString("base64url");
    }
  }
}

test("whatever is made of tickets, only a ticket of this session that was not used opens, and it opens once", () => {
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const processes = [0, 1].map(() => new Tickets(createSessions({ secret: SECRET })));
  const sessions = Array.from({ length: 3 }, () => randomBytes(16).toString("base64url"));
  const held: Held[] = [];
  /** The bytes of those that each process has opened: base64url writes some of them in several ways. */
  const used = processes.map(() => new Set<string>());
  const bytesOf = (ticket: string) => Buffer.from(ticket, "base64url").toString("hex");
  const seal = (epoch: number) => {
    const session = random.pick(sessions);
    const watch = Array.from({ length: random.int(4) }, (_, n) => ({ store: "board", key: `${n}` }));
    held.push({ ...random.pick(processes).seal(session, { client: "client", epoch, watch }), session, epoch });
  };
  for (let n = 0; n < 20; n++) seal(n);
  let opened = 0;
  for (let round = 0; round < rounds; round++) {
    if (random.chance(0.05)) seal(held.length);
    const which = random.int(processes.length);
    const session = random.pick(sessions);
    const ticket = random.chance(0.2) ? random.pick(held).ticket : forged(random, held);
    const real = held.find((one) => bytesOf(one.ticket) === bytesOf(ticket));
    const opens = real?.session === session && ticket.length <= 2000 && !used[which]?.has(bytesOf(ticket));
    const open = () => processes[which]?.use(session, ticket);
    const label = `seed ${seed}, round ${round}: ${JSON.stringify(ticket.slice(0, 80))}`;
    if (!opens) {
      expect(open, label).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
      continue;
    }
    expect(open(), label).toMatchObject({ client: "client", epoch: real?.epoch });
    used[which]?.add(bytesOf(ticket));
    opened++;
  }
  expect(opened).toBeGreaterThan(rounds / 200);
});
