"use server";
import { cookies } from "next/headers";
import { NAME_COOKIE } from "../../state/name-cookie";

const YEAR = 365 * 24 * 3600;

export async function signIn(data: FormData) {
  const name = String(data.get("name")).trim().slice(0, 40);
  if (name !== "") (await cookies()).set(NAME_COOKIE, name, { httpOnly: true, sameSite: "lax", maxAge: YEAR });
}

export async function signOut() {
  (await cookies()).delete(NAME_COOKIE);
}
