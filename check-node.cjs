// Runs before the scripts of package.json, in syntax that any Node reads: the sources need a Node that runs TypeScript.
"use strict";

var NEEDED = 24;

if (Number(process.versions.node.split(".")[0]) < NEEDED) {
  console.error(
    "tcbench needs Node " + NEEDED + " or newer and this is " + process.version +
    ": `npm ci` brings one for Linux (x64, arm64) and Windows (x64) unless optional packages are left out;" +
    " elsewhere install it, and start tcbench through `npm run`",
  );
  process.exit(1);
}
