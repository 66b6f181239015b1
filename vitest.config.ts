import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Tests and the commands that they run are hundreds of processes, which would all strip the same types and compile the same code.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/tcbench-test", import.meta.url));

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Differential tests run an emulator beside the machine: minutes on a busy 2-core host would mean a hang.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // By itself, Vitest leaves a core to its own process, which has nothing to do where Node loads the modules.
    maxWorkers: availableParallelism(),
    // Node loads the modules, as it does for every command. Vite's runner has each use of another module's export go through a
    // getter, which makes machine and engines three times as slow.
    experimental: { viteModuleRunner: false, nodeLoader: false },
  },
});
