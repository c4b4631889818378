import { createRequire, register } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)

// Outside of Jest's own runtime `@jest/globals` only throws.
register('./resolve-globals.js', import.meta.url)

/**
 * Lets Node load tests and what they import, so that a worker process does it once and not for each test file: in a
 * context of its own every file would take 3 s of processor time and 100 MB before its first test. The price is that
 * the files which a worker runs one after the other share their modules.
 *
 * The members are what Jest asks of a runtime while no test mocks a module, takes a snapshot or measures coverage.
 */
class NativeRuntime {
  #globals: object | undefined

  unstable_shouldLoadAsEsm = (): boolean => true

  unstable_importModule = async (path: string): Promise<unknown> => {
    const { useGlobals } = await import('./globals.ts')
    if (this.#globals) useGlobals(this.#globals)
    return import(pathToFileURL(path).href)
  }

  requireModule = <T>(path: string): T => require(path)

  /** Jest's own part, which keeps the state of one test file. */
  requireInternalModule = <T>(path: string): T => {
    delete require.cache[path]
    return require(path)
  }

  setGlobalsForRuntime = (globals: object): void => {
    this.#globals = globals
  }

  getSourceMaps = (): Map<string, string> => new Map()
  getAllCoverageInfoCopy = (): undefined => undefined
  enterTestCode = (): void => {}
  leaveTestCode = (): void => {}
  teardown = (): void => {}
}

export default NativeRuntime
