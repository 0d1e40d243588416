import { createHooks } from "twinstate/react";
import { Board, Card } from "./board";
import type { Twin } from "./server";

class BaseCard {
  title = "";
  get size() {
    return this.title.length;
  }
}
class WrongCard {
  title = 1;
}
export const a = createHooks<Twin>({ stores: { board: Board }, models: { Card } });
export const b = createHooks<Twin>({ models: {} });
// @ts-expect-error a class that the server's does not extend
export const d = createHooks<Twin>({ models: { Card: WrongCard } });
// @ts-expect-error unknown model
export const e = createHooks<Twin>({ models: { Crad: Card } });
export const f = createHooks<Twin>({ models: { Card: BaseCard } }); // a base whose method returns `this` would be refused, in stores too: it must have the type of the server's class
export const g = createHooks<Twin>({ transport: "websocket", wire: "binary" });
export const h = g.TwinProvider({ transport: "sse", wire: "json" });
// @ts-expect-error no such transport
export const i = createHooks<Twin>({ transport: "ws" });
// @ts-expect-error no such wire
export const j = createHooks<Twin>({ wire: "text" });
