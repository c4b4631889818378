/** @type {import('jest').Config} */
const config = {
  testMatch: ['<rootDir>/test/**/*.test.ts', '<rootDir>/test/**/*.test.tsx'],
  // Needs an engine for containers: `npm run test:container`.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/container/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  // Node loads everything, TypeScript through tsx: nothing is left for Jest to compile.
  transform: {},
  runtime: '<rootDir>/test/support/jest/runtime.ts',
  testEnvironment: '<rootDir>/test/support/jest/leak-environment.ts',
  globalSetup: '<rootDir>/test/support/jest/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/jest/global-teardown.ts',
  reporters: ['default', '<rootDir>/test/support/jest/skip-reporter.ts'],
  maxWorkers: 3,
  // With a limit Jest never runs tests in its own process, where one that hangs would keep it from stopping the
  // services. It counts the heap alone: with what images take beside it a worker stays below 1 GB.
  workerIdleMemoryLimit: '400MB',
  // Longer than `waitFor` waits, so that what is missing is named.
  testTimeout: 180_000,
}

export default config
