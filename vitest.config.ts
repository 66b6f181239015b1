import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Differential tests run an emulator beside the machine: minutes on a busy 2-core host would mean a hang.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Commands are run by the hundred, each a Node of its own, most of whose time would go to strip types and to compile.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/tcbench-test", import.meta.url)) },
  },
});
