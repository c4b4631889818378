import { type Facts, readFacts } from '../audit/audit.ts'
import { checkAlways, countExtraCalls } from '../audit/checks.ts'
import { describeTrouble } from '../audit/describe-trouble.ts'
import { checkBooks } from '../audit/money.ts'
import { type ChaosClient, createChaosClient } from '../client.ts'
import { inLanes } from '../in-lanes.ts'
import { acceptPoints, type KillPoint, runPoints } from '../kill-point.ts'
import { readKillPoints } from '../marks.ts'
import { atMost, exactly, type Result, toResult } from '../result.ts'
import { countOf, type Scenario, type Setting } from '../scenario.ts'
import { settle } from '../settle.ts'
import { type Stack, withStack } from '../stack.ts'
import { dieAsApi, dieAsWorker, killAtCallOut } from './deaths.ts'

/** Between these and the bytes on disk the provider may charge for what is lost. */
const MAY_COST_ONE: ReadonlySet<KillPoint> = new Set(['call_out', 'answered'])

const SETTLE_TIMEOUT_MS = 60_000

/** More would only wait for the processor: most of the time goes into starting processes. */
const WORKER_LANES = 3
const API_LANES = 1

/**
 * Processes that kill themselves at each named point. A worker has one generation at a time, and a generation is the
 * end of one process only, so every call beyond the first is the doing of the point where that process died.
 */
export const killPoints: Scenario = {
  name: 'kill-points',
  run: (setting) =>
    withStack({ backend: setting.backend, env: { WORKER_CONCURRENCY: '1' } }, (stack) =>
      killEverywhere(stack, setting),
    ),
}

const killEverywhere = async (stack: Stack, { backend, plan }: Setting): Promise<Result[]> => {
  const kills = countOf(plan, { full: 50, short: 1 })
  await stack.startApi()
  const client = await createChaosClient(stack)
  stack.provider.behave(killAtCallOut(stack, client))
  const deaths = await dieEverywhere(stack, client, kills)
  await Promise.all([stack.startWorker(), stack.startWorker()])
  await settle(stack, SETTLE_TIMEOUT_MS)

  const facts = await readFacts(stack, [client])
  const killedAt = await readKillPoints(stack.marksFolder)
  const details = await describeTrouble(stack, facts)
  const line = { scenario: killPoints.name, backend }
  const describePoint = (point: KillPoint): Result => {
    const killed = facts.filter(({ id }) => killedAt.get(id) === point)
    const checks = [
      exactly('kills', deaths.filter((each) => each === point).length, kills),
      exactly('hit', killed.length, kills),
      atMost('extra calls', countExtraCalls(killed), MAY_COST_ONE.has(point) ? kills : 0),
      exactly('without image', killed.filter(hasNoImage).length, 0),
    ]
    return toResult(line, point, checks, details)
  }
  const points = [...acceptPoints, ...runPoints]
  const rows = exactly('rows', facts.length, points.length * kills)
  const books = await checkBooks(stack.db)
  const all = toResult(line, 'all', [rows, ...checkAlways(stack, facts), ...books], details)
  return [...points.map(describePoint), all]
}

/** The point of each process that died as it should. */
const dieEverywhere = async (
  stack: Stack,
  client: ChaosClient,
  kills: number,
): Promise<KillPoint[]> => {
  const deaths: KillPoint[] = []
  const repeat = (points: readonly KillPoint[]) =>
    points.flatMap((point) => Array.from({ length: kills }, (_, n) => ({ point, n })))
  const forWorkers = repeat(runPoints)
  for (const n of forWorkers.keys()) await client.submit(`picture ${n} for a worker to die at`)
  await Promise.all([
    inLanes(WORKER_LANES, forWorkers, async ({ point }) => {
      if (await dieAsWorker(stack, point)) deaths.push(point)
    }),
    inLanes(API_LANES, repeat(acceptPoints), async ({ point, n }) => {
      const prompt = `picture ${n} for an API to die at when it is ${point}`
      if (await dieAsApi(stack, client, point, prompt)) deaths.push(point)
    }),
  ])
  return deaths
}

const hasNoImage = ({ status }: Facts): boolean => status !== 'succeeded'
