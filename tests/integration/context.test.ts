import { current, defineContext, event, state } from "twinstate";
import { expect, test } from "vitest";
import { serveTwin } from "../kit/app.js";
import { inRequest } from "../kit/next.js";

class Guests {
  @state names: string[] = [];
  @event whoAmI() {
    const { guest, session } = current() as unknown as { guest: string | undefined; session: { id: string } };
    return [guest, session.id];
  }
}

const context = defineContext(({ session }) => ({ guest: session }));

test("the context knows a visitor by their session, whatever way they come", async () => {
  const { twin, visitor } = await serveTwin({ stores: { guests: Guests }, context });
  const ann = visitor();
  // Nobody has a session before the first call: it is made for that, and the context is told of it too.
  const [first, second] = [await ann.call("guests.whoAmI"), await ann.call("guests.whoAmI")];
  expect(first).toEqual([ann.session, ann.session]);
  expect(second).toEqual(first);
  const bob = visitor();
  expect(await bob.call("guests.whoAmI")).not.toEqual(first);
  expect(await inRequest({ cookie: ann.jar.cookie as string }, async () => (await twin.guests.current()).whoAmI())).toEqual(first);
});
