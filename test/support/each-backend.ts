import { describe } from '@jest/globals'
import { describeWith } from './skip.ts'

/** Runs a suite on every queue backend that this run has a server for. */
export const describeEachBackend = (
  name: string,
  suite: (backend: 'postgres' | 'redis') => void,
): void => {
  describe(`${name} (BullMQ on Postgres)`, () => suite('postgres'))
  describeWith('redis', `${name} (BullMQ on Redis)`, () => suite('redis'))
}
