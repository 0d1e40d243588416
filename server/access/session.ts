import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { secretNotKept, shortSecret } from "../../lib/errors/setup-errors.js";

/** How sessions are signed, and the cookie that holds them. */
export interface SessionOptions {
  /**
   * The secret that signs session ids: at least 16 characters, the same in all processes.
   * @default the environment's `TWINSTATE_SECRET`; else one that is generated and kept in `.twinstate/secret`
   */
  secret?: string | undefined;
  /**
   * Whether browsers send the cookie over HTTPS alone. (They make an exception for `localhost`.)
   * @default true in production
   */
  secure?: boolean | undefined;
  /**
   * How long browsers keep the cookie, in seconds.
   * @default 400 days, the most that browsers allow
   */
  maxAge?: number | undefined;
}

/** The content of a session's cookie. */
export interface SessionCookie {
  readonly id: string;
  /** How often the session's cookie had been replaced when this one was made. */
  readonly generation: number;
}

/** Makes, signs and checks session ids. An id that was not issued here is never adopted. */
export interface Sessions {
  /** How long browsers keep the cookie, in seconds. */
  readonly maxAge: number;
  /** Whether browsers send cookies over HTTPS alone. */
  readonly secure: boolean;
  /** The session of a request, from its `cookie` header. */
  read(cookies: string | null | undefined): string | undefined;
  /** The same, with the cookie's generation: each `rotate()` makes a new one. */
  readCookie(cookies: string | null | undefined): SessionCookie | undefined;
  create(): string;
  /** The `set-cookie` header for a session. */
  cookie(id: string, generation?: number): string;
  /** The `cookie` header of a request with the session put into it. */
  withCookie(cookies: string | null | undefined, id: string): string;
  /** Gives ids in order: the same ones for the same seed, in all processes with the secret. Nobody else can foresee them. */
  ids(seed: string): () => string;
  /** Derives so many bytes of a key from the secret: the same ones for the same purpose and salt, in all processes with the secret. */
  derive(purpose: string, salt: Uint8Array, length: number): Buffer;
}

const COOKIE = "twin_session";

/** How many valid cookies are remembered. */
const MOST_VERIFIED = 10_000;

export function createSessions({ secret, secure = process.env.NODE_ENV === "production", maxAge = 400 * 24 * 3600 }: SessionOptions = {}): Sessions {
  if (secret !== undefined && !(typeof secret === "string" && secret.length >= 16)) throw shortSecret("session.secret");
  const hmac = (text: string) =>
    createHmac("sha256", secret ?? keptSecret())
      .update(text)
      .digest();
  /** `text`: the id, and the generation where there has been one before. */
  const sign = (text: string) => hmac(`${COOKIE}:${text}`);

  /** The cookies that were found valid, as the same visitors come again and again. */
  const verified = new Map<string, SessionCookie>();

  function verify(value: string): SessionCookie | undefined {
    const found = verified.get(value);
    if (found) return found;
    const [, text = "", id = "", generation = "0", signature = ""] = /^(([\w-]{22})(?:\.([1-9]\d{0,8}))?)\.([\w-]+)$/.exec(value) ?? [];
    const given = Buffer.from(signature, "base64url");
    if (given.length === 0) return undefined;
    const right = sign(text);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    if (verified.size >= MOST_VERIFIED) verified.clear();
    const cookie = { id, generation: Number(generation) };
    verified.set(value, cookie);
    return cookie;
  }

  const signed = (id: string, generation = 0) => {
    const text = generation === 0 ? id : `${id}.${generation}`;
    return `${text}.${sign(text).toString("base64url")}`;
  };

  function readCookie(cookies: string | null | undefined): SessionCookie | undefined {
    for (const value of valuesOf(cookies)) {
      const cookie = verify(value);
      if (cookie) return cookie;
    }
    return undefined;
  }

  return {
    maxAge,
    secure,
    read: (cookies) => readCookie(cookies)?.id,
    readCookie,
    create: () => randomBytes(16).toString("base64url"),
    cookie: (id, generation) => `${COOKIE}=${signed(id, generation)}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`,
    withCookie(cookies, id) {
      const others = (cookies ?? "").split(/; */).filter((cookie) => cookie !== "" && !cookie.startsWith(`${COOKIE}=`));
      return [...others, `${COOKIE}=${signed(id)}`].join("; ");
    },
    ids(seed) {
      let n = 0;
      return () => hmac(`id:${seed} ${++n}`).toString("base64url").slice(0, 22);
    },
    derive: (purpose, salt, length) => Buffer.from(hkdfSync("sha256", secret ?? keptSecret(), salt, purpose, length)),
  };
}

function* valuesOf(cookies: string | null | undefined): Generator<string> {
  for (const cookie of (cookies ?? "").split(/; */)) if (cookie.startsWith(`${COOKIE}=`)) yield cookie.slice(COOKIE.length + 1);
}

// Next loads this module several times in one process. All copies must sign with the same secret.
const SECRET = Symbol.for("twinstate.secret");

/** The secret of the environment, or the one that is kept beside the app. */
function keptSecret(): string {
  const given = process.env.TWINSTATE_SECRET;
  if (given) {
    if (given.length < 16) throw shortSecret("TWINSTATE_SECRET");
    return given;
  }
  const kept = globalThis as unknown as { [SECRET]?: string };
  kept[SECRET] ??= secretOf(join(process.cwd(), ".twinstate"));
  return kept[SECRET];
}

/** Reads the secret, or makes it: of several processes at once, one wins, and all read what it wrote. */
function secretOf(folder: string): string {
  const file = join(folder, "secret");
  const mine = randomBytes(32).toString("base64url");
  try {
    const found = readSecret(file);
    if (found) return found;
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) writeFileSync(join(folder, ".gitignore"), "*\n");
    const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
    writeFileSync(draft, mine, { mode: 0o600 });
    try {
      linkSync(draft, file);
      return mine;
    } catch (error) {
      const winner = readSecret(file);
      if (winner) return winner;
      throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (error) {
    console.warn(secretNotKept(file, error).message);
    return mine;
  }
}

function readSecret(file: string): string | undefined {
  try {
    const secret = readFileSync(file, "utf8").trim();
    if (secret.length < 16) throw shortSecret(file);
    return secret;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** A name for an id that does not give it away. */
export const sessionTagOf = (id: string, length = 16) => createHash("sha256").update(`twinstate:${id}`).digest("base64url").slice(0, length);
