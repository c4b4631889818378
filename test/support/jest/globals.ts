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
