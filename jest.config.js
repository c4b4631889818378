/** Compiled in the memory of each run: nothing but types and import endings changes. */
const swc = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript', tsx: true } },
  module: { type: 'es6' },
  sourceMaps: 'inline',
}

/** @type {import('jest').Config} */
const config = {
  testMatch: ['<rootDir>/test/**/*.test.ts', '<rootDir>/test/**/*.test.tsx'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: { '^.+\\.tsx?$': ['@swc/jest', swc] },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testEnvironment: '<rootDir>/test/support/leak-environment.ts',
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  reporters: ['default', '<rootDir>/test/support/skip-reporter.ts'],
  maxWorkers: 2,
  // Far from reached. With a limit Jest never runs tests in its own process, where one that hangs would
  // keep it from stopping the services.
  workerIdleMemoryLimit: '4GB',
  testTimeout: 30_000,
}

export default config
