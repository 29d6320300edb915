import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Tests run the sources: the condition picks `src` of each workspace instead of `dist`.
const conditions = ["@userstatus/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["**/src/**/*.test.ts", "examples/**/*.test.ts", "scripts/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/dist/**", "**/node_modules/**", ".cache/**"],
    testTimeout: 30_000,
    // The long files wait for processes of their own; left to itself vitest keeps a core free, which on two is half of them.
    maxWorkers: availableParallelism() + 1,
  },
});
