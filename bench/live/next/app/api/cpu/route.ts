export const dynamic = "force-dynamic";

/** Microseconds of CPU that the server has used so far. */
export function GET(): Response {
  const { user, system } = process.cpuUsage();
  return new Response(String(user + system));
}
