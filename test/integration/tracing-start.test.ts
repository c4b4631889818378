import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createTestDatabase } from '../support/database.ts'
import { startProgram } from '../support/program.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'
import { startTraceCollector } from '../support/trace-collector.ts'

/** Says at its end which packages of OpenTelemetry a process has loaded besides its API, which prom-client brings. */
const LIST_LOADED = `import { Module } from 'node:module'
process.on('exit', () => {
  const names = Object.keys(Module._cache).flatMap((path) => /@opentelemetry.([a-z-]+)/.exec(path)?.[1] ?? [])
  process.stderr.write('loaded: ' + [...new Set(names)].sort().join(' '))
})`
/** As where it was installed without optional packages. */
const LACK_EXPORTER = `import { register } from 'node:module'
const hooks = \`export const resolve = (name, context, next) => {
  if (name !== '@opentelemetry/exporter-trace-otlp-http') return next(name, context)
  const error = new Error("Cannot find package '" + name + "' imported from here")
  throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' })
}\`
register('data:text/javascript,' + encodeURIComponent(hooks))`

const preload = (code: string) => `--import=data:text/javascript,${encodeURIComponent(code)}`

let folder: TemporaryFolder
let database: Awaited<ReturnType<typeof createTestDatabase>>
let env: Record<string, string>
beforeEach(async () => {
  folder = await makeTemporaryFolder('tracing')
  database = await createTestDatabase()
  env = {
    DATA_DIR: folder.path,
    DATABASE_URL: database.url,
    PORT: '0',
    NODE_OPTIONS: preload(LIST_LOADED),
  }
})
afterEach(async () => {
  await database.drop()
  await folder.remove()
})

const runOnce = async (overrides: Record<string, string> = {}) => {
  const program = await startProgram(['worker'], { ...env, ...overrides })
  await program.waitForOutput('"working"')
  program.signal('SIGTERM')
  return program.ended()
}

describe('OpenTelemetry', () => {
  test('is not loaded without OTEL_EXPORTER_OTLP_ENDPOINT', async () => {
    const { code, err } = await runOnce()
    expect({ code, err }).toEqual({ code: 0, err: 'loaded: api' })
  })

  test('is loaded with it, and a process whose collector is away stops all the same', async () => {
    const collector = await startTraceCollector()
    await collector.close()
    const { code, err } = await runOnce({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
    expect(code).toBe(0)
    expect(err).toContain('exporter-trace-otlp-http')
    expect(err).toContain('sdk-trace')
  })

  test('is named when it is wanted and not installed', async () => {
    const program = await startProgram(['worker'], {
      ...env,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      NODE_OPTIONS: preload(LACK_EXPORTER),
    })
    const { code, err } = await program.ended()
    expect(code).toBe(1)
    expect(err).toBe(
      'OTEL_EXPORTER_OTLP_ENDPOINT is set, and the package @opentelemetry/exporter-trace-otlp-http that traces need is not installed: npm install --include=optional\n',
    )
  })
})
