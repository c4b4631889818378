import config from '../../jest.config.js'

export default {
  ...config,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/container/**/*.test.ts'],
  testPathIgnorePatterns: [],
  maxWorkers: 1,
  // An image is built, and a call of a minute is waited for.
  testTimeout: 900_000,
}
