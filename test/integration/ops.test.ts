import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { startTestApp } from '../support/app.ts'
import { scrapeText } from '../support/metrics.ts'
import { findOnPath } from '../support/programs.ts'
import { describeWhen } from '../support/skip.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

/** A query with where it stands. */
type Query = { at: string; expr: string }

let queries: { rules: Query[]; dashboard: Query[]; keda: Query[] }
beforeAll(async () => {
  queries = { rules: await readRules(), dashboard: await readDashboard(), keda: await readKeda() }
})

describe('every figure that rules, dashboard and scaling ask for', () => {
  test('is one that a running service tells', async () => {
    const app = await startTestApp()
    const told = namesIn(await scrapeText(app.url).finally(app.stop))
    const all = [...queries.rules, ...queries.dashboard, ...queries.keda]
    expect(all.length).toBeGreaterThan(60)
    const unknown = all.flatMap(({ at, expr }) =>
      namesOf(expr)
        .filter((name) => !told.has(name))
        .map((name) => `${at}: ${name}`),
    )
    expect(unknown).toEqual([])
    // And nothing of ours is told that nobody shows.
    const shown = new Set(queries.dashboard.flatMap(({ expr }) => namesOf(expr)))
    const ours = [...told].filter((name) => name.startsWith('imageonce_') && isBase(name, told))
    expect(ours.filter((name) => !isShown(name, shown))).toEqual([])
  })
})

const PROMTOOL = findOnPath('promtool') ?? ''

describeWhen(PROMTOOL !== '', 'no promtool on the PATH', 'promtool', () => {
  const promtool = (...args: string[]) =>
    promisify(execFile)(PROMTOOL, args).then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      ({ code, stdout, stderr }) => ({ code, output: stdout + stderr }),
    )

  test('accepts the rules, and their own tests pass', async () => {
    expect(await promtool('check', 'rules', 'ops/prometheus-rules.yml')).toMatchObject({ code: 0 })
    const { code, output } = await promtool('test', 'rules', 'ops/prometheus-rules.test.yml')
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('SUCCESS') })
  })

  test('understands every query of the dashboard and of the scaling', async () => {
    const folder = await makeTemporaryFolder('ops')
    const rules = [...queries.dashboard, ...queries.keda].map(({ expr }, index) => ({
      record: `query:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }))
    const path = join(folder.path, 'queries.yml')
    await writeFile(path, JSON.stringify({ groups: [{ name: 'queries', rules }] }))
    const checked = await promtool('check', 'rules', path).finally(folder.remove)
    expect(checked).toMatchObject({ code: 0 })
    expect(checked.output).toContain(`${rules.length} rules found`)
  })

  test('finds nothing to say against the names and texts of our own figures', async () => {
    const app = await startTestApp()
    const scraped = await scrapeText(app.url).finally(app.stop)
    const own = scraped.slice(0, scraped.indexOf('# HELP process_'))
    const lint = spawn(PROMTOOL, ['check', 'metrics'])
    lint.stdin.end(own)
    const [said, [code]] = await Promise.all([text(lint.stderr), once(lint, 'close')])
    expect({ code, said }).toEqual({ code: 0, said: '' })
  })
})

describe('the scaling of workers', () => {
  test('is a KEDA object with a trigger for each lane and at least one worker', async () => {
    const { kind, spec } = parse(await readFile('ops/kubernetes/keda.yaml', 'utf8'))
    expect(kind).toBe('ScaledObject')
    expect(spec.minReplicaCount).toBeGreaterThanOrEqual(1)
    expect(spec.triggers.map(({ name }: { name: string }) => name)).toEqual([
      'interactive',
      'eager',
    ])
  })
})

const readRules = async (): Promise<Query[]> => {
  const { groups } = parse(await readFile('ops/prometheus-rules.yml', 'utf8'))
  type Rule = { alert: string; expr: string }
  return groups.flatMap(({ rules }: { rules: Rule[] }) =>
    rules.map(({ alert, expr }) => ({ at: alert, expr })),
  )
}

const readDashboard = async (): Promise<Query[]> => {
  const { panels } = JSON.parse(await readFile('ops/grafana-dashboard.json', 'utf8'))
  type Panel = { title: string; targets?: { expr: string }[] }
  return panels.flatMap(({ title, targets = [] }: Panel) =>
    targets.map(({ expr }) => ({ at: title, expr })),
  )
}

const readKeda = async (): Promise<Query[]> => {
  const { spec } = parse(await readFile('ops/kubernetes/keda.yaml', 'utf8'))
  type Trigger = { name: string; metadata: { query: string } }
  return spec.triggers.map(({ name, metadata }: Trigger) => ({ at: name, expr: metadata.query }))
}

/** The names that a scrape has, also of what has no sample yet; a histogram's three for it. */
const namesIn = (scraped: string): Set<string> =>
  new Set(
    [...scraped.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    ),
  )

const namesOf = (expr: string): string[] =>
  expr.replace(/"[^"]*"/g, '""').match(/\b(imageonce|nodejs|process)[_:][\w:]+/g) ?? []

const isBase = (name: string, told: Set<string>): boolean =>
  !/_(count|sum)$/.test(name) || !told.has(name.replace(/_(count|sum)$/, '_bucket'))

const isShown = (name: string, shown: Set<string>): boolean =>
  shown.has(name) || shown.has(name.replace(/_bucket$/, '_count'))
