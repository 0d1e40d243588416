/** Whether `next build` runs: it reads state for pages that are made ahead, and changes nothing. */
export const building = (): boolean => process.env.NEXT_PHASE === "phase-production-build";
