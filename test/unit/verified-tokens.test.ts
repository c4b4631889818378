import { expect, test } from '@jest/globals'
import type { JWTPayload } from 'jose'
import { rememberVerified } from '../../src/adapters/http/auth.ts'

const setUp = (payload: JWTPayload = { sub: 'alice' }) => {
  let nowMs = 1_000_000
  let verifications = 0
  const verify = rememberVerified(
    async (token) => {
      verifications++
      if (token === 'bad') throw new Error('bad')
      return payload
    },
    () => nowMs,
  )
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { verify, pass, count: () => verifications }
}

test('a token is verified once a minute', async () => {
  const { verify, pass, count } = setUp()
  expect(await verify('good')).toEqual({ sub: 'alice' })
  expect(await verify('good')).toEqual({ sub: 'alice' })
  expect(count()).toBe(1)
  pass(60_000)
  await verify('good')
  expect(count()).toBe(2)
})

test('a token that expires is not remembered any longer', async () => {
  const { verify, pass, count } = setUp({ sub: 'alice', exp: 1_010 })
  await verify('good')
  pass(9_999)
  await verify('good')
  expect(count()).toBe(1)
  pass(1)
  await verify('good')
  expect(count()).toBe(2)
})

test('a refused token is refused each time', async () => {
  const { verify, count } = setUp()
  await expect(verify('bad')).rejects.toThrow('bad')
  await expect(verify('bad')).rejects.toThrow('bad')
  expect(count()).toBe(2)
})
