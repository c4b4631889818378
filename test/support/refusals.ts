import { expect } from '@jest/globals'
import type { TestApp } from './app.ts'
import type { Client } from './client.ts'
import { countEverything, type Expected, expectProblem } from './problems.ts'

export type RefusedRequest = { body?: unknown; headers?: Record<string, string> }

/** Sends what is wrong, as `client` unless told; it must be refused as expected and change nothing. */
export const createRefusals = (app: TestApp, client: Client) => {
  const expectRefusal = async (
    expected: Expected,
    method: string,
    path: string,
    options: RefusedRequest = {},
    caller = client,
  ) => {
    const before = await countEverything(app)
    const answer = await caller.fail(method, path, options)
    expectProblem(answer, expected)
    expect(await countEverything(app)).toEqual(before)
    return answer
  }
  return expectRefusal
}
