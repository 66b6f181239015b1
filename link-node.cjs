// Runs after `npm ci`. npm before 11 takes node_modules/.bin/node away again when it drops the packages of other
// platforms, which each bring one too; this puts it back, so that npm's scripts run under the Node of package.json.
"use strict";

var fs = require("node:fs");
var path = require("node:path");

var link = path.join(__dirname, "node_modules", ".bin", "node");
var target = path.join("..", "node-" + process.platform + "-" + process.arch, "bin", "node");

if (!fs.existsSync(link) && fs.existsSync(path.join(path.dirname(link), target))) fs.symlinkSync(target, link);
