/** Tells the server's rendering to leave the nearest Suspense boundary to the browser. Next knows it by its digest, and logs nothing. */
export class Bailout extends Error {
  readonly digest = "BAILOUT_TO_CLIENT_SIDE_RENDERING";
  /** Named by Next where no Suspense boundary stands around. */
  readonly reason: string;

  constructor(hook: string) {
    const reason = `\`${hook}\` without preloaded state`;
    super(`${reason}: the browser renders this. Give the state with \`<TwinPreload>\`, or put \`<Suspense>\` around.`);
    this.reason = reason;
  }
}
