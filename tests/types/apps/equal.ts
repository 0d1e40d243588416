/** Whether two types are the same, to the last modifier. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const is = <_T extends true>() => {};
