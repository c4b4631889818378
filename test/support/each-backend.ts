import { describe } from '@jest/globals'
import { describeWith } from './skip.ts'

type Backend = 'postgres' | 'redis'

/** True where a run is to try everything on both queue backends, as `.ci/run` does. */
export const wantsAllBackends = (): boolean => process.env.TEST_BACKENDS === 'all'

/**
 * Runs a suite on one queue backend, and with `TEST_BACKENDS=all` on both. Which one follows from the suite's name, so that in
 * every run each backend has about half of them; without a Redis all run on Postgres.
 */
export const describeEachBackend = (name: string, suite: (backend: Backend) => void): void => {
  const isRedisThere = Boolean(process.env.TEST_REDIS_URL)
  const isForRedis = isRedisThere && sumOf(name) % 2 === 1
  if (wantsAllBackends() || !isForRedis) {
    describe(`${name} (BullMQ on Postgres)`, () => suite('postgres'))
  }
  if (wantsAllBackends() || isForRedis) {
    describeWith('redis', `${name} (BullMQ on Redis)`, () => suite('redis'))
  }
}

/** Runs a suite of the queue itself, which is another one on each backend. */
export const describeBothBackends = (name: string, suite: (backend: Backend) => void): void => {
  describe(`${name} (BullMQ on Postgres)`, () => suite('postgres'))
  describeWith('redis', `${name} (BullMQ on Redis)`, () => suite('redis'))
}

const sumOf = (name: string): number =>
  [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
