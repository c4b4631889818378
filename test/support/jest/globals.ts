import { createRequire } from 'node:module'
import type * as Jest from '@jest/globals'

/** What tests get for `@jest/globals`. Modules outlive the test file they were loaded for, so each use asks anew. */
type Globals = Pick<
  typeof Jest,
  'afterAll' | 'afterEach' | 'beforeAll' | 'beforeEach' | 'describe' | 'expect' | 'test'
>

let current: Globals | undefined

export const useGlobals = (globals: object): void => {
  current = globals as Globals
}

const ofCurrentFile = <Name extends keyof Globals>(name: Name): Globals[Name] => {
  const find = () => {
    if (!current) throw new Error('There is no test file')
    return current[name]
  }
  return new Proxy(() => {}, {
    apply: (_target, self, args) => Reflect.apply(find(), self, args),
    get: (_target, property) => Reflect.get(find(), property),
  }) as unknown as Globals[Name]
}

export const afterAll = ofCurrentFile('afterAll')
export const afterEach = ofCurrentFile('afterEach')
export const beforeAll = ofCurrentFile('beforeAll')
export const beforeEach = ofCurrentFile('beforeEach')
export const describe = ofCurrentFile('describe')
export const expect = ofCurrentFile('expect')
export const test = ofCurrentFile('test')

const require = createRequire(import.meta.url)
const { ModernFakeTimers } = require('@jest/fake-timers') as typeof import('@jest/fake-timers')
const { ModuleMocker } = require('jest-mock') as typeof import('jest-mock')

const mocker = new ModuleMocker(globalThis)
const timers = new ModernFakeTimers({
  global: globalThis,
  config: { fakeTimers: {}, rootDir: '', testMatch: [] } as never,
})

/** Mocks of functions and of time, in Node's own global scope: a test that takes them gives them back. */
export const jest = {
  fn: mocker.fn.bind(mocker),
  spyOn: mocker.spyOn.bind(mocker),
  restoreAllMocks: () => mocker.restoreAllMocks(),
  useFakeTimers: () => timers.useFakeTimers(),
  useRealTimers: () => timers.useRealTimers(),
  advanceTimersByTime: (durationMs: number) => timers.advanceTimersByTime(durationMs),
  advanceTimersByTimeAsync: (durationMs: number) => timers.advanceTimersByTimeAsync(durationMs),
  getTimerCount: () => timers.getTimerCount(),
}
