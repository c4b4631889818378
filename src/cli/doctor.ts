import type { Config } from '../app/config.ts'
import { examineAccess } from '../app/examine-access.ts'
import { examinePrices } from '../app/examine-prices.ts'
import { examine } from '../app/self-test.ts'
import { messageOf } from '../lib/errors.ts'
import { type Finding, formatFinding } from '../lib/finding.ts'
import { answerWithin } from '../lib/time.ts'
import { assertMigrated } from '../migrate.ts'

const MARKS: Record<Finding['kind'], string> = {
  good: 'ok',
  costly: 'costly',
  away: 'AWAY',
  wrong: 'WRONG',
}

const PATIENCE_MS = 5_000

/** Prints what is found of every part, and exits 1 when one does not work. */
export const runDoctor = async (config: Config): Promise<void> => {
  const parts = await examine(config)
  const findings = [...parts, ...(await examineMore(config, parts))]
  for (const finding of findings) {
    console.log(
      `${MARKS[finding.kind].padEnd(7)} ${finding.part.padEnd(9)} ${formatFinding(finding)}`,
    )
  }
  const isIll = findings.some(({ kind }) => kind === 'away' || kind === 'wrong')
  console.log(isIll ? '\nSomething does not work.' : '\nAll works.')
  if (isIll) process.exitCode = 1
}

/** What a start has another word for, or could not know yet. */
const examineMore = async (config: Config, parts: readonly Finding[]): Promise<Finding[]> => [
  ...(parts.some(isDatabaseIll) ? [] : await examineSchema(config)),
  ...examineAccess(config),
  ...examinePrices(config, new Date()),
  ...(config.http.publicUrl ? [await examineListening(config.http.publicUrl)] : []),
]

const examineSchema = async (config: Config): Promise<Finding[]> => {
  if (!config.database.url) return []
  const part = 'database'
  const setting = 'DATABASE_URL'
  try {
    await assertMigrated(config)
    return [{ part, setting, kind: 'good', found: 'Its tables are those of this version.' }]
  } catch (error) {
    return [{ part, setting, kind: 'wrong', found: messageOf(error) }]
  }
}

const isDatabaseIll = ({ part, kind }: Finding) =>
  part === 'database' && (kind === 'away' || kind === 'wrong')

/** From here: it may be reached from elsewhere all the same. */
const examineListening = async (publicUrl: string): Promise<Finding> => {
  const part = 'address'
  const setting = 'PUBLIC_URL'
  const reach = async () => {
    const answer = await fetch(`${publicUrl}/livez`, { signal: AbortSignal.timeout(PATIENCE_MS) })
    const body = (await answer.json()) as { status?: unknown }
    return answer.ok && body.status === 'ok'
  }
  const isReached = await answerWithin(reach(), PATIENCE_MS, 'no answer').catch(() => false)
  if (isReached) return { part, setting, kind: 'good', found: 'The API answers there.' }
  return {
    part,
    setting,
    kind: 'costly',
    found: 'The API does not answer there, seen from here.',
    remedy: 'Start it, or see where the proxy leads.',
  }
}
