import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { betterAuth } from "better-auth";

export interface User {
  id: string;
  name: string;
}

/** Accounts and sign-ins, beside the state. */
const database = new DatabaseSync(join(dirname(process.env.TWIN_FILE ?? "data/twin.db"), "auth.db"));
database.exec("pragma busy_timeout = 5000");

export const auth = betterAuth({
  database,
  secret: secret(),
  emailAndPassword: { enabled: true },
  // It warns that BETTER_AUTH_URL is not set, which passwords do without.
  logger: { level: "error" },
  // Only pages of this app sign in: their origin has the host that they ask.
  trustedOrigins(request) {
    const host = request?.headers.get("host");
    return host ? [`https://${host}`, `http://${host}`] : [];
  },
  databaseHooks: {
    session: {
      delete: {
        // A sign-in has ended, here or on another device. This ends its streams: they come back without a user.
        async after({ userId }): Promise<void> {
          const { twin } = await import("./server");
          twin.$recheck({ user: userId });
        },
      },
    },
  },
});

/** The user who has signed in with the cookie of a request. */
export async function userOf(headers: Headers): Promise<User | null> {
  const found = await auth.api.getSession({ headers });
  return found && { id: found.user.id, name: found.user.name };
}

/** Signs the cookies. Without one in the environment, a secret is made, and kept with the accounts. */
function secret(): string {
  const given = process.env.BETTER_AUTH_SECRET ?? process.env.TWINSTATE_SECRET;
  if (given) return `auth ${given}`;
  database.exec("create table if not exists secret (value text not null)");
  database.prepare("insert into secret select ? where not exists (select * from secret)").run(randomBytes(32).toString("base64url"));
  return String(database.prepare("select value from secret").get()?.value);
}
