/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-circles",
      comment: "A circle has no beginning to read from. Declarations refer to each other through functions, types do not count.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "platform-knows-no-business",
      comment: "src/platform serves every feature and names none.",
      severity: "error",
      from: { path: "^src/platform/" },
      to: { path: "^src/(?!platform/)" },
    },
    {
      name: "engine-behind-its-door",
      comment: "Nothing but the adapter asks which engine it is.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/platform/db/" },
      to: { path: "^src/platform/db/(embedded|engine-|postgresql|shared-memory|wire|durable-files|directory-lock|pool-trouble|migration-files)" },
    },
    {
      name: "migrations-stand-alone",
      comment: "A migration must mean the same next year: it may not lean on code that moves.",
      severity: "error",
      from: { path: "^migrations/" },
      to: { path: "^(src|seeds|scripts|test)/" },
    },
    { name: "no-tests-in-production", severity: "error", from: { path: "^(src|migrations|seeds)/" }, to: { path: "^test/" } },
    { name: "no-unlisted-packages", severity: "error", from: {}, to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] } },
    { name: "no-dev-packages-in-production", severity: "error", comment: "What the page needs is bundled into it.", from: { path: "^(src|migrations|seeds)/", pathNot: "^src/map/page/" }, to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"], pathNot: "node_modules/@types/" } },
    { name: "nothing-unresolved", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
