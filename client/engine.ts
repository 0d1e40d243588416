/** What shows events before their answers. It is loaded by those who have classes: a page without them does without. */
export const engine: { loaded?: typeof import("./prediction.js"); load(): unknown } = {
  // Until it is there, or where it cannot be loaded, events are shown by their answers.
  load: () =>
    engine.loaded ??
    import("./prediction.js").then(
      (loaded) => {
        engine.loaded = loaded;
      },
      () => {},
    ),
};
