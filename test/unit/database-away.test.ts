import { describe, expect, test } from '@jest/globals'
import { DatabaseAway, isAnswer, toDatabaseError } from '../../db/away.ts'
import { AppError } from '../../src/lib/errors.ts'

const withCode = (code: string) => Object.assign(new Error('said by a driver'), { code })

describe('an error of the driver', () => {
  test.each([
    ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN'],
    ...['ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE', 'ENOENT', 'EPROTO', 'CERT_HAS_EXPIRED'],
    ...['08000', '25006', '26000', '28P01', '3D000', '40001', '53300', '55P03', '57014', '58030'],
    ...['72000', 'F0000', 'HV000', 'XX000', 'ESOMETHING', '99999'],
  ])('that is no fault of ours is an outage: %s', (code) => {
    const error = withCode(code)
    expect(toDatabaseError(error)).toMatchObject({
      code: 'unavailable',
      retryable: true,
      cause: error,
    })
  })

  test.each([
    'timeout exceeded when trying to connect',
    'Connection terminated unexpectedly',
    'Cannot use a pool after calling end on the pool',
    'a text that no version of it has had yet',
  ])('without a code is an outage: %s', (message) => {
    expect(toDatabaseError(new Error(message))).toBeInstanceOf(DatabaseAway)
  })

  test.each([
    ...['02000', '0A000', '21000', '22P02', '22P05', '23505', '24000', '25001', '25P02', '2D000'],
    ...['34000', '38000', '42601', '42703', '42P01', '44000', '54001', 'P0001'],
  ])('that blames the statement stays what it is: %s', (code) => {
    const error = withCode(code)
    expect(toDatabaseError(error)).toBe(error)
  })

  test('that comes of wrong code, or is known already, stays what it is', () => {
    for (const error of [
      new TypeError('Converting circular structure to JSON'),
      new RangeError('Maximum call stack size exceeded'),
      new AppError('not_found', 'said by us'),
      new DatabaseAway(),
    ]) {
      expect(toDatabaseError(error)).toBe(error)
    }
  })

  test('is an answer only where Postgres gave it', () => {
    expect(['25006', 'XX000', '57014'].map(withCode).every(isAnswer)).toBe(true)
    expect(['EPIPE', 'ECONNRESET', 'ENOENT'].map(withCode).some(isAnswer)).toBe(false)
  })
})
