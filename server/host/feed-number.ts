let last = 0;

/** Gives a feed of this process the number by which streams name it. */
export const nextFeedNumber = (): number => ++last;
