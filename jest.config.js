/** @type {import("jest").Config} */
export default {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      {
        jsc: {
          target: "es2023",
          parser: { syntax: "typescript", decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: "es6" },
        sourceMaps: "inline",
      },
    ],
  },
  globalSetup: "<rootDir>/test/support/lane-setup.mjs",
  globalTeardown: "<rootDir>/test/support/lane-teardown.mjs",
  // Opening the embedded engine takes seconds on a busy machine.
  testTimeout: 60_000,
  maxWorkers: 2,
  // The embedded engine takes about 1 GB; a worker that kept one is replaced before the next file.
  workerIdleMemoryLimit: "1200MB",
};
