import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { attacks } from './scenarios/all.ts'
import { type Target, withTarget } from './target.ts'

const TIMEOUT_MS = 300_000
/** What others find is for the long form, which takes another each time. */
const SEED = 925_592

describe('attack', () => {
  let target: Target
  let finish: () => void
  let ended: Promise<void>

  beforeAll(
    () =>
      new Promise<void>((resolve, reject) => {
        ended = withTarget(async (opened) => {
          target = opened
          resolve()
          await new Promise<void>((done) => {
            finish = done
          })
          target.close()
        })
        ended.catch(reject)
      }),
  )
  afterAll(async () => {
    finish()
    await ended
  })

  test.each(attacks)(
    '$name keeps to every limit',
    async ({ run }) => {
      const results = await run(target, { form: 'short', scale: 1, seed: SEED })
      const breaches = results.filter(({ ok }) => !ok)
      expect(breaches).toEqual([])
    },
    TIMEOUT_MS,
  )
})
