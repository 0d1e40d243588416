/** Makes the tables of the accounts, before the first request. */
export async function register() {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { getMigrations } = await import("better-auth/db/migration");
  const { auth } = await import("./state/auth");
  await (await getMigrations(auth.options)).runMigrations();
}
