/** What the first lines of each file say. */
export const WRITTEN = "Written by `npx twinstate deploy-files`, to be changed and committed: see twinstate's docs/DEPLOY.md.";
