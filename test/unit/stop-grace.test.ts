import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { parse, parseAllDocuments } from 'yaml'
import { parseConfig } from '../../src/app/config.ts'
import { STOP_MARGIN_MS } from '../../src/app/process.ts'
import { describeShortStop } from '../../src/app/short-stops.ts'

describe('a worker that is told to stop', () => {
  test('has as long as a call and its storing may take, an API 10 s, unless it is set', () => {
    expect(parseConfig({}).stop).toMatchObject({ apiGraceMs: 10_000, workerGraceMs: 150_000 })
    const GENERATION_TIMEOUT_MS = '600000'
    expect(parseConfig({ GENERATION_TIMEOUT_MS }).stop.workerGraceMs).toBe(630_000)
    expect(parseConfig({ GENERATION_TIMEOUT_MS, SHUTDOWN_GRACE_MS: '5000' }).stop).toMatchObject({
      ...{ apiGraceMs: 5_000, workerGraceMs: 5_000 },
    })
  })

  test('has as long as a call at the flex tier may take where such ones are out', () => {
    expect(parseConfig({}).stop.flexGraceMs).toBe(930_000)
    expect(parseConfig({ FLEX_TIMEOUT_MS: '60000' }).stop.flexGraceMs).toBe(150_000)
    expect(parseConfig({ SHUTDOWN_GRACE_MS: '5000' }).stop.flexGraceMs).toBe(5_000)
    const settings = { SHUTDOWN_GRACE_MS: '150000', GEMINI_API_KEY: 'key' }
    expect(describeShortStop(parseConfig({ ...settings, EAGER_TIER: 'flex' }))).toMatch(
      /^SHUTDOWN_GRACE_MS is 150000, .* 930000 \(FLEX_TIMEOUT_MS and 30 s\).* up to 32: .*\$0\.020175 /,
    )
    expect(describeShortStop(parseConfig(settings))).toBeUndefined()
  })

  test.each<[string, (text: string) => unknown]>([
    [
      'docker-compose.yml',
      (text) => parse(text, { merge: true }).services.worker.stop_grace_period,
    ],
    [
      'ops/kubernetes/worker.yaml',
      (text) => parseAllDocuments(text)[0]?.toJS().spec.template.spec.terminationGracePeriodSeconds,
    ],
    ['Procfile', (text) => /--timeout (\d+)/.exec(text)?.[1]],
  ])('has that time by %s', async (file, read) => {
    const seconds = Number.parseInt(String(read(await readFile(file, 'utf8'))), 10)
    const { workerGraceMs } = parseConfig({}).stop
    expect(seconds * 1_000).toBeGreaterThan(workerGraceMs + STOP_MARGIN_MS)
  })

  test.each([
    ['10000', /^SHUTDOWN_GRACE_MS is 10000, .* may take 150000 .* up to 8: .*\$0\.04035 /],
    ['149999', /^SHUTDOWN_GRACE_MS is 149999/],
    ['150000', undefined],
    ['', undefined],
  ])('with SHUTDOWN_GRACE_MS=%s says what that costs: %s', (SHUTDOWN_GRACE_MS, said) => {
    const text = describeShortStop(parseConfig({ SHUTDOWN_GRACE_MS, GEMINI_API_KEY: 'key' }))
    if (said) expect(text).toMatch(said)
    else expect(text).toBeUndefined()
  })

  test('costs nothing where nothing is paid for', () => {
    expect(describeShortStop(parseConfig({ SHUTDOWN_GRACE_MS: '0' }))).toBeUndefined()
  })
})

describe('the flex tier', () => {
  test('that no eager generation has the time for is refused', () => {
    const settings = { EAGER_TIER: 'flex', FLEX_TIMEOUT_MS: '600000', EAGER_GIVE_UP_MS: '720000' }
    expect(() => parseConfig(settings)).toThrow(
      'EAGER_GIVE_UP_MS must be more than FLEX_TIMEOUT_MS',
    )
    expect(() => parseConfig({ ...settings, EAGER_GIVE_UP_MS: '720001' })).not.toThrow()
    expect(() => parseConfig({ ...settings, EAGER_TIER: 'standard' })).not.toThrow()
  })
})

describe('a deadline', () => {
  test.each(['INTERACTIVE_GIVE_UP_MS', 'EAGER_GIVE_UP_MS'])(
    '%s that no call fits in is refused by its name',
    (name) => {
      const settings = { GENERATION_TIMEOUT_MS: '60000', [name]: '60000' }
      expect(() => parseConfig(settings)).toThrow(`${name} must be more than GENERATION_TIMEOUT_MS`)
      expect(() => parseConfig({ ...settings, [name]: '60001' })).not.toThrow()
    },
  )
})
