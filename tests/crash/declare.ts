/** Declares a member of a class. Plain Node has no decorators, so they are called by hand. */
export const declare = (decorator: unknown, Class: { prototype: object }, ...names: string[]): void => {
  for (const name of names)
    (decorator as (target: object, name: string, descriptor?: PropertyDescriptor) => void)(
      Class.prototype,
      name,
      Object.getOwnPropertyDescriptor(Class.prototype, name),
    );
};
