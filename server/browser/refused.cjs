// What browsers get in the place of `twinstate/server`: every bundler tells the name that it cannot resolve, and who imported it.
require("the server's part of twinstate in code of the browser. Where only its types are needed, write `import type`");
