/** The accounts that everybody may try. The sign-in page shows their passwords, as this is a demo. */
export const PREPARED = [
  { id: "ann", name: "Ann", admin: true, password: "correct horse" },
  { id: "bob", name: "Bob", admin: false, password: "battery staple" },
] as const;
