"use strict";
// Loaded before everything else (node --require), in plain old JavaScript, so that an old Node says what
// is wrong instead of failing on the first .ts file.
var REQUIRED = 24;
if (parseInt(process.versions.node, 10) < REQUIRED) {
  console.error(
    "tcbench needs Node " + REQUIRED + " or newer, and this is Node " + process.versions.node + ". " +
    "Run `npm ci && npm run bench`: npm then takes the Node that is installed with the project."
  );
  process.exit(1);
}
