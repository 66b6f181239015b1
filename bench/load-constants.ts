// Loaded before a hart's thread loads anything else (node --import): the modules it loads are those with constants.

import { registerHooks } from "node:module";
import { withConstants } from "./module-constants.ts";

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (loaded.format !== "module-typescript" || loaded.source == null) return loaded;
    const source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
    return { ...loaded, source: withConstants(source) };
  },
});
