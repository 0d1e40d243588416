import { createTwin, memory, scope } from "../../../server/index.js";
import { serve } from "../../kit/http.js";
import { Forecast } from "./forecasts.js";
import { Guests } from "./guests.js";
import { Lab } from "./lab.js";
import { Board, Book, Shelf, Todo } from "./stores.js";
import { ServerTasks } from "./tasks.js";

/** A real server for the pages of these tests. They reach it through Vite, under `/api/twin`. */
export default async function setup(): Promise<() => Promise<void>> {
  const twin = createTwin({
    name: "tests/react",
    stores: {
      todo: Todo,
      board: scope.room(Board, { allow: (_, key) => key !== "closed" }),
      shelf: Shelf,
      guests: scope.room(Guests, { allow: () => true }),
      lab: scope.room(Lab, { allow: () => true }),
      forecast: scope.room(Forecast, { allow: () => true }),
      tasks: scope.room(ServerTasks, { allow: () => true }),
    },
    models: { Book },
    session: { secret: "a secret for tests alone" },
    storage: memory(),
    log: () => {},
  });
  const site = await serve(twin.handlers);
  process.env.TWIN_SITE = site.origin;
  return async () => {
    await site.close();
    await twin.close();
  };
}
