import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { appendFile, cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

/** What is planted where, and the rule that must notice it: one import that runs up or aside for every folder. */
const planted: [rule: string, file: string, line: string][] = [
  ['src-contract-imports-what-is-listed', 'src/contract/bad.ts', "import '../lib/errors.ts'"],
  ['src-lib-imports-what-is-listed', 'src/lib/bad.ts', "import '../generation/ports.ts'"],
  ['db-imports-what-is-listed', 'db/bad.ts', "import '../src/generation/ports.ts'"],
  ['src-generation-imports-what-is-listed', 'src/generation/run/bad.ts', "import 'express'"],
  ...readdirSync('src/adapters').map((name): [string, string, string] => [
    `src-adapters-${name}-imports-what-is-listed`,
    `src/adapters/${name}/bad.ts`,
    "import '../../features/alerts/rules.ts'",
  ]),
  ...readdirSync('src/features').flatMap((name): [string, string, string][] => [
    [
      `src-features-${name}-imports-what-is-listed`,
      `src/features/${name}/bad.ts`,
      "import '../../app/config.ts'",
    ],
    [
      `src-features-${name}-imports-what-is-listed`,
      `src/features/${name}/bad-neighbour.ts`,
      `import '../${name === 'alerts' ? 'analytics/report.ts' : 'alerts/rules.ts'}'`,
    ],
  ]),
  ['src-app-imports-what-is-listed', 'src/app/bad.ts', "import '../api.ts'"],
  ['src-cli-imports-what-is-listed', 'src/cli/bad.ts', "import '../../web/main.tsx'"],
  ['src-client-imports-what-is-listed', 'src/client/bad.ts', "import 'zod'"],
  ['src-react-imports-what-is-listed', 'src/react/bad.ts', "import '../lib/errors.ts'"],
  ['src-openapi-imports-what-is-listed', 'src/openapi/bad.ts', "import '../lib/errors.ts'"],
  ['web-imports-what-is-listed', 'web/bad.tsx', "import '../src/app/config.ts'"],
  ['examples-imports-what-is-listed', 'examples/studio/bad.tsx', "import '../../db/schema.ts'"],
  ['no-folder-without-a-list', 'src/new-folder/bad.ts', "import '../lib/errors.ts'"],
  [
    'the-state-of-a-generation-knows-nothing-of-who-changes-it',
    'src/generation/state/bad.ts',
    "import '../run/run.ts'",
  ],
  ['the-gate-imports-nothing', 'src/features/similarity/gate/bad.ts', "import '../mode.ts'"],
  [
    'only-webhooks-open-connections-to-addresses-that-were-given',
    'src/features/webhooks/bad-sender.ts',
    "import './sender/webhook-sender.ts'",
  ],
  [
    'what-was-given-is-opened-by-few',
    'src/features/gateway/bad-fetch.ts',
    "import '../../lib/vetted/fetch-bytes.ts'",
  ],
  [
    'instruments-are-in-metrics-files',
    'src/features/alerts/bad-metrics.ts',
    "import 'prom-client'",
  ],
  ['opentelemetry-is-in-the-tracing', 'src/app/bad-traces.ts', "import '@opentelemetry/api'"],
  [
    'opentelemetry-is-loaded-on-demand',
    'src/app/bad-tracing.ts',
    "import '../adapters/tracing/open-tracing.ts'",
  ],
  [
    'the-local-model-of-texts-is-loaded-on-demand',
    'src/features/similarity/bad-model.ts',
    "import '@energetic-ai/embeddings'",
  ],
  ['workers-load-no-express', 'src/worker.ts', "import './features/alerts/routes.ts'"],
  ['no-cycles', 'src/lib/bad-a.ts', "import './bad-b.ts'"],
  ['no-development-dependencies', 'src/lib/bad-dev.ts', "import 'fast-check'"],
  ['no-unresolvable', 'src/lib/bad-name.ts', "import './not-there.ts'"],
  ['entries-are-imported-by-entries', 'src/features/alerts/bad-entry.ts', "import '../../api.ts'"],
]

const CONFIG = '.dependency-cruiser.mjs'
const ROOTS = ['src', 'db', 'web', 'examples']

type Report = { summary: { violations: { rule: { name: string }; from: string }[] } }

let folder: TemporaryFolder
let noticed: Set<string>

beforeAll(async () => {
  folder = await makeTemporaryFolder('import-rules')
  await Promise.all(
    [...ROOTS, CONFIG, 'package.json'].map((name) =>
      cp(name, join(folder.path, name), { recursive: true }),
    ),
  )
  for (const name of ['node_modules', 'dist']) await symlink(resolve(name), join(folder.path, name))
  for (const [, file, line] of planted) {
    const path = join(folder.path, file)
    await mkdir(dirname(path), { recursive: true })
    await appendFile(path, `\n${line}\n`)
  }
  await writeFile(join(folder.path, 'src/lib/bad-b.ts'), "import './bad-a.ts'\n")
  const { summary } = await cruise(folder.path)
  noticed = new Set(summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`))
}, 120_000)
afterAll(() => folder.remove())

const cruise = async (cwd: string): Promise<Report> => {
  const program = join('node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs')
  const args = [
    program,
    '--config',
    CONFIG,
    '--preserve-symlinks',
    '--output-type',
    'json',
    ...ROOTS,
  ]
  const run = promisify(execFile)(process.execPath, args, { cwd, maxBuffer: 2 ** 28 })
  // It ends with the number of violations.
  const { stdout } = await run.catch((error: { stdout: string }) => error)
  return JSON.parse(stdout)
}

test.each(planted)('%s notices what is planted in %s', (rule, file) => {
  expect([...noticed]).toContain(`${rule}: ${file}`)
})

test('what is not planted goes unnoticed', () => {
  const files = [...planted.map(([, file]) => file), 'src/lib/bad-b.ts']
  expect([...noticed].filter((each) => !files.some((file) => each.endsWith(file)))).toEqual([])
})

test('every rule has something planted', async () => {
  const { default: config } = await import(resolve(CONFIG))
  const rules = config.forbidden.map(({ name }: { name: string }) => name)
  expect(rules.sort()).toEqual([...new Set(planted.map(([rule]) => rule))].sort())
})
