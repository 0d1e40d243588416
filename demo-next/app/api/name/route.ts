import { NAME_COOKIE } from "../../../state/name-cookie";

const YEAR = 365 * 24 * 3600;

/** Gives a guest a name, or takes it away where none is sent. The page reloads, and connects under the new name. */
export async function POST(request: Request) {
  const name = String((await request.formData()).get("name"))
    .trim()
    .slice(0, 40);
  const from = request.headers.get("referer");
  return new Response(null, {
    status: 303,
    headers: {
      location: from ? new URL(from).pathname : "/poll",
      "set-cookie": `${NAME_COOKIE}=${encodeURIComponent(name)}; Path=/; Max-Age=${name === "" ? 0 : YEAR}; HttpOnly; SameSite=Lax`,
    },
  });
}
