// Server code: trusted, so neither guards nor `allow` are asked.
import { twin } from "./server";

export async function work(sessionId: string) {
  const id = await twin.todo(sessionId).add("milk"); // a session's store
  const mine = await twin.todo.current(); // of the request that is running
  await mine.add("bread");

  await twin.jobs("red").invite("bob@example.com", "owner"); // a room's

  // ? the type of twin.as() asks for `visitor` too (the whole AppContext)
  const ann = { id: "ann", name: "Ann", admin: true };
  await twin
    .as({ user: ann, visitor: { id: ann.id, name: ann.name } })
    .jobs("red")
    .invite("carl@example.com");

  const { people, reports } = await twin.jobs("red").$snapshot();
  const sizes = new Map<string, number>();
  for await (const key of twin.jobs.keys({ limit: 100 })) sizes.set(key, (await twin.jobs(key).$snapshot()).people.length);
  return { id, people: people.length, reports: reports.length, sizes };
}
