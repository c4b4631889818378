import { expect } from '@jest/globals'
import type { Problem } from '../../src/contract/problem.ts'
import type { TestApp } from './app.ts'
import type { Answer } from './client.ts'

export type Expected = { status: number; code: string; pointers?: string[] }

/** Checks that an answer is the problem it should be, whole, and shows nothing of the inside. */
export const expectProblem = (
  { status, headers, body }: Answer<Problem>,
  { status: expectedStatus, code, pointers }: Expected,
): void => {
  expect({ status, code: body.code }).toEqual({ status: expectedStatus, code })
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json\b/)
  expect(body.status).toBe(status)
  expect(body.type).toBe(`urn:imageonce:problem:${code}`)
  expect(body.requestId).toBe(headers.get('x-request-id'))
  expect(body.detail).not.toBe('')
  expect(JSON.stringify(body)).not.toMatch(INSIDE)
  if (pointers) expect(body.errors?.map(({ pointer }) => pointer)).toEqual(pointers)
}

/** A stack, a file of ours or of a dependency, or Postgres's own words. */
const INSIDE = /\bat [\w.<]+ \(|node_modules|\.[jt]s:\d|file:\/\/|select |invalid byte sequence/

const TABLES = ['users', 'generations', 'imageMetadata', 'attempts', 'idempotencyKeys'] as const

/** How much has happened so far: the rows of each table, and the calls to the provider. Figures of reuse aside. */
export const countEverything = async ({ db, gemini }: Pick<TestApp, 'db' | 'gemini'>) => {
  const counts: Record<string, number> = { providerCalls: gemini.calls.length }
  for (const table of TABLES) {
    const { count } = await db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<string>().as('count'))
      .executeTakeFirstOrThrow()
    counts[table] = Number(count)
  }
  const { count } = await db
    .selectFrom('generationEvents')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('sequence', 'is not', null)
    .executeTakeFirstOrThrow()
  return { ...counts, events: Number(count) }
}
