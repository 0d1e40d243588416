/** Shows events before their answers. Clients with classes load it; until then, and where loading fails, answers alone show events. */
export const engine: typeof import("./prediction.js") = {
  see() {},
  show: () => undefined,
  ran() {},
  change: (_, apply) => apply(),
  isOpen: () => false,
  isPending: () => false,
  load: () =>
    import("./prediction.js").then(
      (loaded) => Object.assign(engine, loaded),
      () => {},
    ),
};
