import type { Danger } from "../errors/effect-errors.js";

interface Address {
  readonly href: string;
  readonly origin: string;
  readonly protocol: string;
  readonly pathname: string;
}

/** Other schemes run scripts, or hide where they lead. */
const SCHEMES = /^(https?|mailto|tel|sms):$/;
/** Stands for the app's origin where it is not known: on the server. */
const OWN = "https://own.invalid";
/**
 * An address with a scheme or a host. `https:list` is read from the page where that has the same scheme, and leads elsewhere where it has another; the host of
 * `//own.invalid` is no app's.
 */
const ELSEWHERE = /^ *([a-z][a-z\d+.-]*:|\/\/)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are refused
const ODD = /[\0-\x1f\x7f\\]/;

/**
 * Reads the address that an effect leads to, at both ends, or finds why it is not followed. An address that names an origin needs `external`: on the server
 * that includes the app's own, as a proxy may hide it.
 * @param page the page's own address, where it is known
 */
export function readAddress(url: unknown, external: boolean | undefined, page?: string): Address | Danger {
  const address = typeof url === "string" && parse(url, page ?? OWN);
  if (!address) return "unreadable";
  if (ODD.test(url)) return "odd";
  if (!SCHEMES.test(address.protocol)) return "script";
  const own = page ? address.origin === parse(page)?.origin : address.origin === OWN && !ELSEWHERE.test(url);
  // The path of `..//other.example` is `//other.example`, which names another host wherever the path alone is handed on.
  if (own && address.pathname.startsWith("//")) return "odd";
  return own || external ? address : "foreign";
}

function parse(url: string, base?: string): Address | undefined {
  try {
    return new (globalThis as unknown as { URL: new (url: string, base?: string) => Address }).URL(url, base);
  } catch {
    return undefined;
  }
}
