/** How a visitor appears to others. */
export interface Person {
  id: string;
  name: string;
  color: (typeof COLORS)[number];
}

/** A visitor as others see them. */
export const byline = ({ id, name, color }: Person): Person => ({ id, name, color });

export const COLORS = ["tomato", "orange", "grass", "teal", "blue", "violet", "plum", "pink"] as const;
const MOODS = ["Amber", "Brave", "Calm", "Dapper", "Eager", "Fond", "Gentle", "Happy", "Jolly", "Keen", "Lucky", "Merry", "Nimble", "Quiet", "Sunny", "Witty"];
const ANIMALS = ["Badger", "Crane", "Dolphin", "Falcon", "Fox", "Heron", "Ibis", "Koala", "Lynx", "Marmot", "Otter", "Panda", "Raven", "Seal", "Tapir", "Wren"];

/** Makes a visitor's public person from a secret, such as the session: always the same, and nobody can find the secret from it. */
export function personOf(secret: string): Person {
  const n = hash(secret);
  const pick = <T>(from: readonly T[], shift: number) => from[(n >>> shift) % from.length] as T;
  return { id: n.toString(36), name: `${pick(MOODS, 0)} ${pick(ANIMALS, 8)}`, color: pick(COLORS, 16) };
}

/** Hashes by FNV-1a, in 32 bits, and mixes the bits. */
function hash(text: string): number {
  let n = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) n = Math.imul(n ^ text.charCodeAt(i), 0x01000193);
  n = Math.imul(n ^ (n >>> 16), 0x85ebca6b);
  n = Math.imul(n ^ (n >>> 13), 0xc2b2ae35);
  return (n ^ (n >>> 16)) >>> 0;
}
