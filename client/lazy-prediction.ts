/** What shows events before their answers. It is loaded by those who have classes; until then, and where it cannot be, events are shown by their answers. */
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
