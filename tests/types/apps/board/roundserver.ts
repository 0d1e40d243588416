import { createTwin, scope } from "twinstate/server";
import { Round } from "./round";
export const twin = createTwin({
  stores: {
    round: scope.room(Round, { allow: (_context, key, round) => round.n > key.length }),
    // an `allow` that calls the twin, or reads a getter that does, says what it returns: the twin's type is circular otherwise
    asks: scope.room(Round, {
      allow: async (_context, key, round): Promise<boolean> => (await twin.round(key).$snapshot()).n > 0 && (await round.pendingCount) > 0,
    }),
  },
});
