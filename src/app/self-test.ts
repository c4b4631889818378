import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { examineDatabase } from '../../db/examine.ts'
import { examineGemini } from '../adapters/providers/examine.ts'
import { examineOpenai } from '../adapters/providers/examine-openai.ts'
import { examineRedis } from '../adapters/queue/examine.ts'
import { examineStore, explainFolder } from '../adapters/storage/examine.ts'
import { StartError } from '../lib/errors.ts'
import { type Finding, formatFinding, type Part } from '../lib/finding.ts'
import { answerWithin } from '../lib/time.ts'
import type { Config } from './config.ts'
import { examineAddress } from './examine-address.ts'
import { createStore, requireDatabase } from './resources.ts'

/** What takes longer counts as away. */
const PATIENCE_MS = 10_000

/** Who may call, and what calls cost, is advised on by the doctor alone: a start would say it every time. */
type TestedPart = Exclude<Part, 'access' | 'prices'>

type Examine = (config: Config) => Promise<Finding[]> | Finding[]

/** Whatever the settings name, by the part that it is. Each leaves nothing behind and never rejects. */
const EXAMINATIONS: Record<TestedPart, Examine> = {
  folder: ({ dataDir }) => soon('folder', 'DATA_DIR', examineFolder(dataDir)),
  database: ({ database }) =>
    database.url
      ? soon('database', 'DATABASE_URL', examineDatabase(requireDatabase(database)))
      : // Made when it is needed, and nobody's to mend.
        [{ part: 'database', kind: 'good', setting: 'DATABASE_URL', found: EMBEDDED }],
  queue: ({ queue }) =>
    queue.redisUrl ? soon('queue', 'REDIS_URL', examineRedis(queue.redisUrl, queue.name)) : [],
  store: (config) => soon('store', config.s3 ? 'S3_ENDPOINT' : 'DATA_DIR', examineOwnStore(config)),
  model: async ({ gemini, openai }) =>
    (
      await Promise.all([
        gemini ? soon('model', 'GEMINI_BASE_URL', examineGemini(gemini)) : [],
        openai ? soon('model', 'OPENAI_BASE_URL', examineOpenai(openai)) : [],
      ])
    ).flat(),
  address: examineAddress,
}

const EMBEDDED = '`imageonce start` embeds one.'
const PARTS = Object.keys(EXAMINATIONS) as TestedPart[]

/** Looks at all of these parts at once. Never rejects. */
export const examine = async (
  config: Config,
  parts: readonly TestedPart[] = PARTS,
): Promise<Finding[]> => (await Promise.all(parts.map((part) => EXAMINATIONS[part](config)))).flat()

type Process = 'api' | 'worker' | 'start' | 'migrate'

/**
 * The self-test of a process. Throws `StartError` for what does not heal by itself, a line each; `warn` gets what may heal and what
 * costs. An API without a model still answers with what is there, so for it that is only a warning. Without Postgres, API and
 * worker go on, and nothing is known of its schema.
 */
export const passSelfTest = async (
  config: Config,
  process: Process,
  warn: (text: string) => void,
): Promise<{ isDatabaseThere: boolean }> => {
  const findings = await examine(config, process === 'migrate' ? ['database'] : PARTS)
  const isDatabaseThere = !findings.some(isDatabaseAway)
  const waits = process === 'api' || process === 'worker'
  refuse(
    findings.filter(
      (finding) =>
        (finding.kind === 'wrong' && !(finding.part === 'model' && process === 'api')) ||
        (isDatabaseAway(finding) && !waits),
    ),
  )
  for (const finding of findings) if (finding.kind !== 'good') warn(formatFinding(finding))
  return { isDatabaseThere }
}

const refuse = (findings: readonly Finding[]): void => {
  if (findings.length > 0) throw new StartError(findings.map(formatFinding).join('\n'))
}

const isDatabaseAway = ({ part, kind }: Finding) => part === 'database' && kind === 'away'

/** Resolves when Postgres answers. Throws `StartError` when it is not as it must be, and the signal's reason. */
export const awaitDatabase = async (config: Config, signal: AbortSignal): Promise<void> => {
  for (;;) {
    const findings = await examine(config, ['database'])
    refuse(findings.filter(({ kind }) => kind === 'wrong'))
    if (!findings.some(isDatabaseAway)) return
    await delay(AWAIT_EVERY_MS, undefined, { signal })
  }
}

const AWAIT_EVERY_MS = 1_000

/** Throws `StartError` when the data directory can't be used. */
export const requireFolder = async (config: Config): Promise<void> =>
  refuse((await examine(config, ['folder'])).filter(({ kind }) => kind !== 'good'))

const soon = (part: Part, setting: string, examination: Promise<Finding[]>): Promise<Finding[]> =>
  answerWithin(examination, PATIENCE_MS, 'no answer').catch(() => [
    { part, setting, kind: 'away', found: 'It does not answer.' },
  ])

const examineOwnStore = async (config: Config): Promise<Finding[]> => {
  const store = createStore(config)
  try {
    return await examineStore(store)
  } finally {
    store.close()
  }
}

/** Where the spool is, and more where nothing else is set. */
const examineFolder = async (dataDir: string): Promise<Finding[]> => {
  const path = join(dataDir, `.examination-${process.pid}`)
  try {
    await mkdir(dataDir, { recursive: true })
    await (await open(path, 'w')).close()
    await rm(path, { force: true })
    return [{ part: 'folder', kind: 'good', setting: 'DATA_DIR', found: 'It can be written to.' }]
  } catch (error) {
    return [{ part: 'folder', ...explainFolder(error) }]
  }
}
