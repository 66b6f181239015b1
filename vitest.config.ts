import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Differential tests run an emulator beside the machine: minutes on a busy 2-core host would mean a hang.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
