import { randomBytes, scrypt, scryptSync, timingSafeEqual } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { PREPARED } from "./prepared-accounts";

/** Somebody who may sign in. */
export interface Account {
  id: string;
  name: string;
  admin: boolean;
}

const WEEK = 7 * 24 * 3600 * 1000;
/** How many wrong passwords a name has in a minute. */
const MOST_ATTEMPTS = 5;
const MINUTE = 60_000;
const LENGTH = 32;
const hashOf = promisify(scrypt) as (password: string, salt: Uint8Array, length: number) => Promise<Buffer>;

let opened: DatabaseSync | undefined;

/** The file of the accounts, opened at its first use: a build imports this module too. */
function database(): DatabaseSync {
  opened ??= open(process.env.AUTH_DATABASE ?? "auth.db");
  return opened;
}

function open(file: string): DatabaseSync {
  const made = new DatabaseSync(file, { timeout: 5000 });
  made.exec(`
    pragma journal_mode = wal;
    create table if not exists accounts (id text primary key, name text not null, admin integer not null, salt blob not null, hash blob not null);
    create table if not exists sign_ins (session text primary key, account text not null, until integer not null);
    create table if not exists attempts (id text not null, at integer not null);
  `);
  const add = made.prepare("insert or ignore into accounts values (?, ?, ?, ?, ?)");
  for (const { id, name, admin, password } of PREPARED) {
    const salt = randomBytes(16);
    add.run(id, name, Number(admin), salt, scryptSync(password, salt, LENGTH));
  }
  return made;
}

/** Checks a password. A name that nobody has takes as long as a wrong password, and is refused as often. */
export async function check(id: string, password: string): Promise<Account | "wrong" | "often"> {
  const now = Date.now();
  database()
    .prepare("delete from attempts where at < ?")
    .run(now - MINUTE);
  const { count } = database().prepare("select count(*) as count from attempts where id = ?").get(id) as { count: number };
  if (count >= MOST_ATTEMPTS) return "often";
  // An attempt counts before its check, which takes a while: others may come meanwhile.
  database().prepare("insert into attempts values (?, ?)").run(id, now);
  const row = database().prepare("select name, admin, salt, hash from accounts where id = ?").get(id);
  const hash = await hashOf(password, (row?.salt as Uint8Array | undefined) ?? randomBytes(16), LENGTH);
  if (!row || !timingSafeEqual(hash, row.hash as Uint8Array)) return "wrong";
  database().prepare("delete from attempts where id = ?").run(id);
  return { id, name: String(row.name), admin: row.admin === 1 };
}

/** Signs a session in. */
export function signIn(session: string, { id }: Account): void {
  database()
    .prepare("insert or replace into sign_ins values (?, ?, ?)")
    .run(session, id, Date.now() + WEEK);
}

/** Signs a session out. */
export function signOut(session: string): void {
  database().prepare("delete from sign_ins where session = ?").run(session);
}

/** The account that a session is signed in with. */
export function accountOf(session: string): Account | undefined {
  const row = database()
    .prepare("select accounts.id, name, admin from sign_ins join accounts on account = accounts.id where session = ? and until > ?")
    .get(session, Date.now());
  return row && { id: String(row.id), name: String(row.name), admin: row.admin === 1 };
}
