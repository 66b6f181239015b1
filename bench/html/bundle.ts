// The page's script and style sheet as text, with everything that they need in them.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { DARK, LIGHT, namedColours } from "../figures/ink.ts";

const PAGE = fileURLToPath(new URL("page/", import.meta.url));

export async function bundleScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${PAGE}page.ts`], bundle: true, minify: true, format: "iife", target: "es2022", platform: "browser", write: false, legalComments: "none",
  });
  return outputFiles[0].text;
}

/** On paper, the colours are the light ones. */
export function styleSheet(): string {
  const variables = (scheme: typeof LIGHT) => namedColours(scheme).map(([name, colour]) => `${name}:${colour}`).join(";");
  return [
    `:root{color-scheme:light dark;${variables(LIGHT)}}`,
    `@media screen and (prefers-color-scheme:dark){:root{${variables(DARK)}}}`,
    readFileSync(`${PAGE}page.css`, "utf8"),
  ].join("\n");
}
