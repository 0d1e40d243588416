const ANY = "inline-flex h-10 items-center justify-center rounded-lg px-4 text-sm font-medium transition disabled:opacity-50";

export const BUTTON = `${ANY} border border-line bg-surface hover:bg-line/50`;
export const PRIMARY = `${ANY} bg-accent text-on-accent hover:bg-accent-strong`;
export const DANGER = `${ANY} bg-red-700 text-white hover:bg-red-800`;
export const FIELD =
  "h-10 w-full min-w-0 rounded-lg border border-line bg-surface px-3 text-sm placeholder:text-muted aria-invalid:border-red-700 dark:aria-invalid:border-red-400";
