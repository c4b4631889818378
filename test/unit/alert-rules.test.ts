import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formatPrometheusRules } from '../../ops/prometheus-rules.ts'
import { parseConfig } from '../../src/app/config.ts'
import { alertNameSchema } from '../../src/contract/vocabulary.ts'
import { formatChange } from '../../src/features/alerts/alert-texts.ts'
import { type AlertMemory, decide, type Measurement } from '../../src/features/alerts/next-state.ts'
import { type AlertRule, createAlertRules } from '../../src/features/alerts/rules.ts'

const rules = createAlertRules({
  generationMs: 5_000,
  queueAgeMs: 60_000,
  eagerQueueAgeMs: 3_600_000,
  dailyWarnUsd: 20,
  monthlyWarnUsd: undefined,
})

const rule = (given: Partial<AlertRule>): AlertRule => ({
  ...(rules[0] as AlertRule),
  fires: 'above',
  threshold: 10,
  resolvesAt: 8,
  minSample: 5,
  evaluationsToFire: 2,
  evaluationsToResolve: 3,
  ...given,
})

const mirrored = (given: Partial<AlertRule> = {}) =>
  rule({ fires: 'below', threshold: -10, resolvesAt: -8, ...given })

const enough = (value: number): Measurement => ({ value, sample: 5 })

/** The changes that a run of measurements makes, and where it ends. */
const run = (
  by: AlertRule,
  measurements: readonly Measurement[],
  start: AlertMemory = { state: 'ok', streak: 0 },
) => {
  const changes: string[] = []
  let memory = start
  for (const measurement of measurements) {
    const { change, ...next } = decide(by, memory, measurement)
    if (change) changes.push(change)
    memory = next
  }
  return { changes, memory }
}

const firing: AlertMemory = { state: 'firing', streak: 0 }

describe('an alert', () => {
  test('fires after as many evaluations in a row as it takes, and resolves likewise', () => {
    const values = [11, 9, 11, 11, 8, 8, 9, 8, 8, 7]
    expect(run(rule({}), values.map(enough)).changes).toEqual(['firing', 'resolved'])
    expect(run(rule({}), [11, 9, 11].map(enough)).changes).toEqual([])
    expect(run(rule({}), [8, 8, 9, 8, 8].map(enough), firing).changes).toEqual([])
  })

  test('is beyond its threshold, not at it, and resolves at the other one', () => {
    const hasty = rule({ evaluationsToFire: 1, evaluationsToResolve: 1 })
    expect(run(hasty, [enough(10)]).changes).toEqual([])
    expect(run(hasty, [enough(10.01)]).changes).toEqual(['firing'])
    expect(run(hasty, [enough(8.01)], firing).changes).toEqual([])
    expect(run(hasty, [enough(8)], firing).changes).toEqual(['resolved'])
  })

  test('never changes between its two thresholds', () => {
    const between = fc.double({ min: 8, max: 10, minExcluded: true, noNaN: true }).map(enough)
    const states = fc.constantFrom('ok', 'firing', 'resolved')
    fc.assert(
      fc.property(fc.array(between), states, fc.nat(3), (measurements, state, streak) => {
        const { changes, memory } = run(rule({}), measurements, { state, streak })
        expect(changes).toEqual([])
        expect(memory.state).toBe(state)
      }),
    )
  })

  test('stays exactly as it is while there are too few cases', () => {
    const few = fc.record({
      value: fc.option(fc.double({ noNaN: true })),
      sample: fc.integer({ min: 0, max: 4 }),
    })
    const memories = fc.record({
      state: fc.constantFrom('ok' as const, 'firing' as const, 'resolved' as const),
      streak: fc.nat(2),
    })
    fc.assert(
      fc.property(fc.array(few), memories, (measurements, memory) => {
        expect(run(rule({}), measurements, memory)).toEqual({ changes: [], memory })
      }),
    )
  })

  test('fires and resolves in turn, each time with a row of reasons, whatever is measured', () => {
    const any = fc.record({
      value: fc.option(fc.double({ min: 0, max: 20, noNaN: true })),
      sample: fc.nat(10),
    })
    fc.assert(
      fc.property(fc.array(any, { maxLength: 60 }), (measurements) => {
        const { changes } = run(rule({}), measurements)
        changes.forEach((change, i) => {
          expect(change).toBe(i % 2 === 0 ? 'firing' : 'resolved')
        })
        expect(changes.length).toBeLessThanOrEqual(Math.ceil(measurements.length / 2.5))
      }),
    )
  })

  test('below a threshold is one above it, mirrored', () => {
    const values = fc.array(fc.double({ min: 0, max: 20, noNaN: true }))
    fc.assert(
      fc.property(values, (all) => {
        const mirror = all.map((value) => enough(-value))
        expect(run(mirrored(), mirror)).toEqual(run(rule({}), all.map(enough)))
      }),
    )
  })

  test('that is switched off fires no more', () => {
    const off = rule({ threshold: null, resolvesAt: null })
    expect(run(off, [enough(100), enough(100)]).changes).toEqual([])
    expect(run(off, [enough(100)], firing).changes).toEqual(['resolved'])
  })
})

describe('the rules', () => {
  test('are one for each name, with hysteresis on the right side', () => {
    expect(rules.map(({ name }) => name).sort()).toEqual([...alertNameSchema.options].sort())
    for (const { name, fires, threshold, resolvesAt } of rules) {
      if (name === 'monthly_spend_high') expect([threshold, resolvesAt]).toEqual([null, null])
      else if (fires === 'above') expect(resolvesAt).toBeLessThanOrEqual(Number(threshold))
      else expect(resolvesAt).toBeGreaterThanOrEqual(Number(threshold))
    }
  })

  test('are each explained in docs/operations.md, with their window, cases and evaluations', () => {
    const text = read('docs/operations.md')
    const headings = [...text.matchAll(/^### (\w+)$/gm)].map(([, it]) => it)
    expect(headings).toEqual(rules.map(({ name }) => name))
    const rows = [...text.matchAll(/^\| `([a-z_]+)` \|.*\|(.*)\|(.*)\|(.*)\|$/gm)].map((row) =>
      row.slice(1).map((cell) => cell.trim()),
    )
    const expected = rules.map(({ name, windowMs, minSample, ...rule }) => {
      const { evaluationsToFire: fire, evaluationsToResolve: resolve } = rule
      const minutes = windowMs && `${windowMs / 60_000} min`
      const evaluations = fire === resolve ? `${fire}` : `${fire}, to resolve ${resolve}`
      return [name, minutes ?? '', minSample ? `${minSample}` : '', evaluations]
    })
    expect(rows).toEqual(expected)
  })

  test("are Prometheus' as well: ops/prometheus-rules.yml is what `npm run ops:rules` writes", () => {
    const written = read('ops/prometheus-rules.yml')
    expect(written).toBe(formatPrometheusRules())
    for (const { name } of rules) expect(written).toContain(`alert="${name}"`)
  })

  test('colour the dashboard by their thresholds, as they are without settings', () => {
    const defaults = createAlertRules(parseConfig({}).alerts)
    const limitOf = (wanted: string) => defaults.find(({ name }) => name === wanted)?.threshold
    const { panels } = JSON.parse(read('ops/grafana-dashboard.json'))
    const colours = panels.flatMap(({ title, fieldConfig }: Panel) =>
      (fieldConfig?.defaults.thresholds?.steps ?? [])
        .filter(({ value }) => value !== null)
        .map(({ value }) => [title, value]),
    )
    expect(colours).toEqual([
      ['Answered without a paid call, 1 h', Number(limitOf('reuse_low')) / 100],
      ['Generations that succeed, 1 h', Number(limitOf('generations_failing')) / 100],
      ['New image, p95 over 1 h', Number(limitOf('generations_slow')) / 1_000],
    ])
  })

  test.each([
    [
      'reuse_low',
      22.44,
      240,
      'Requests that were answered without a paid call: 22.4 % of 240; fires below 30 %.',
    ],
    [
      'daily_spend_high',
      20.5,
      0,
      'What calls have cost this UTC day, and may cost yet: $20.50; fires above $20.00.',
    ],
    ['queue_old', 75_400, 3, 'How long the oldest generation has waited: 75 s; fires above 60 s.'],
  ])('are told with their figures: %s', (name, value, sample, sentence) => {
    const found = rules.find((each) => each.name === name) as AlertRule
    const { threshold } = found
    const message = formatChange(found, { state: 'firing', value, threshold, sample })
    expect(message).toContain(sentence)
  })
})

type Panel = {
  title: string
  fieldConfig?: { defaults: { thresholds?: { steps: { value: number | null }[] } } }
}

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
