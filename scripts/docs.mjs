// Compiles the code of README and docs/: `npm run docs`, a part of `npm run check`.
import { complaints } from "../tests/kit/compiled-pages.ts";

const told = await complaints();
for (const line of told) console.error(line);
process.exitCode = told.length > 0 ? 1 : 0;
