import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { findMiscounted } from '../../support/sums.ts'
import { readFacts } from '../audit/audit.ts'
import { checkAlways } from '../audit/checks.ts'
import { describeTrouble } from '../audit/describe-trouble.ts'
import { type ChaosClient, createChaosClient } from '../client.ts'
import { inLanes } from '../in-lanes.ts'
import { pictureOf } from '../provider.ts'
import { createRandom } from '../random.ts'
import { atMost, exactly, figure, type Result, toResult } from '../result.ts'
import { countOf, type Plan, type Scenario, type Setting } from '../scenario.ts'
import { settle } from '../settle.ts'
import { type Stack, withStack } from '../stack.ts'

/** The dearest image there is, and its list price. */
const DEAREST = { model: 'gemini-3-pro-image', imageSize: '4K' }
const PRICE_USD = 0.24
const NANO = 1e9

const CALL_MS = 200
/** How many requests a client that runs wild has out at once. */
const AT_ONCE = 50
const KEY_OWNER = 'app1:key'
const KILL_EVERY_MS = 700
const SETTLE_TIMEOUT_MS = 120_000

/** Whose limit is met, by whom. */
const TURNS = [
  { scope: 'key:k1', owners: [KEY_OWNER] },
  { scope: 'owner:app1:one', owners: ['app1:one'] },
  { scope: 'prefix:app2:', owners: ['app2:one', 'app2:two'] },
  { scope: 'all', owners: ['app3:one'] },
] as const

type Turn = (typeof TURNS)[number]

/** A client asks for many dear images at once, against a limit of each kind in turn, while workers are killed. */
export const spending: Scenario = {
  name: 'spending',
  run: (setting) =>
    withStack({ backend: setting.backend }, async (stack) => {
      stack.provider.behave(({ prompt }) => pictureOf(prompt, CALL_MS))
      await bindToKey(stack)
      const isFull = setting.plan.form === 'full'
      await Promise.all(Array.from({ length: isFull ? 2 : 1 }, () => stack.startApi()))
      await Promise.all(Array.from({ length: isFull ? 3 : 2 }, () => stack.startWorker()))
      const results: Result[] = []
      const clients: ChaosClient[] = []
      for (const turn of TURNS) results.push(await runWild(stack, setting, turn, clients))
      const facts = await readFacts(stack, clients)
      const line = { scenario: spending.name, backend: setting.backend }
      const details = await describeTrouble(stack, facts)
      return [...results, toResult(line, 'all of it', checkAlways(stack, facts), details)]
    }),
}

/** In the place of a request with a key. */
const bindToKey = async ({ db }: Stack): Promise<void> => {
  await sql`create function use_key() returns trigger language plpgsql as $$ begin
    if new.owner_id = ${sql.lit(KEY_OWNER)} then new.key_id := 'k1'; end if; return new; end $$`.execute(
    db,
  )
  await sql`create trigger use_key before insert on generations for each row execute function use_key()`.execute(
    db,
  )
}

const runWild = async (
  stack: Stack,
  { backend, plan }: Setting,
  { scope, owners }: Turn,
  clients: ChaosClient[],
): Promise<Result> => {
  const requests = countOf(plan, { full: 975, short: 40 })
  const room = countOf(plan, { full: 100, short: 6 })
  const wild = await Promise.all(owners.map((owner) => createChaosClient(stack, owner)))
  clients.push(...wild)
  const [first] = wild as [ChaosClient]
  const early = `${scope} before there is a limit`
  await submitDearest(stack, first, early)
  await settle(stack, SETTLE_TIMEOUT_MS)
  const limitNano = toMicros((await readSum(stack, scope)) + room * PRICE_USD * NANO)
  await setDailyLimit(stack, scope, limitNano)
  const answers = new Map<number, number>()
  const ask = async (n: number) => {
    const client = wild[n % wild.length] as ChaosClient
    const status = await submitDearest(stack, client, `${scope} ${n}`)
    answers.set(status, (answers.get(status) ?? 0) + 1)
    return status
  }
  const end = new AbortController()
  const watching = watchSum(stack, scope, end.signal)
  const kills = await runOut(stack, plan, requests, ask).finally(() => end.abort())
  const highestNano = await watching
  const leftNano = limitNano - (await readSum(stack, scope))
  const failures = await countFailures(stack, owners)
  return toResult({ scenario: spending.name, backend }, `${requests} requests, ${scope}`, [
    figure('workers killed', kills),
    figure('accepted', answers.get(202) ?? 0),
    figure('refused', answers.get(429) ?? 0),
    exactly(
      'answered otherwise',
      [...answers.keys()].filter((each) => each !== 202 && each !== 429).length,
      0,
    ),
    figure('failed at the limit', failures.atLimit),
    figure('failed otherwise', failures.otherwise),
    exactly('nano-dollars beyond the limit', Math.max(0, highestNano - limitNano, -leftNano), 0),
    atMost('nano-dollars left of it', leftNano, PRICE_USD * NANO),
    exactly('answer to what there is, at the limit', await submitDearest(stack, first, early), 200),
    exactly('sums that are not what calls add up to', (await findMiscounted(stack.db)).length, 0),
  ])
}

/** Until the limit is met for good: what calls cost less than was held for them leaves room for more. */
const runOut = async (
  stack: Stack,
  plan: Plan,
  requests: number,
  ask: (n: number) => Promise<number>,
): Promise<number> => {
  const numbers = Array.from({ length: requests }, (_, n) => n)
  const [kills] = await Promise.all([
    killWorkers(stack, plan),
    inLanes(AT_ONCE, numbers, async (n) => void (await ask(n))),
  ])
  await settle(stack, SETTLE_TIMEOUT_MS)
  for (let n = requests; n < 2 * requests && (await ask(n)) !== 429; n++) {
    await settle(stack, SETTLE_TIMEOUT_MS)
    if (await isNewestStopped(stack)) break
  }
  return kills
}

/** True once what was accepted was refused by the call: so it is of a key, which the stand-in binds after the submission. */
const isNewestStopped = async ({ db }: Stack): Promise<boolean> => {
  const newest = await db
    .selectFrom('generations')
    .select('errorCode')
    .orderBy('createdAt', 'desc')
    .limit(1)
    .executeTakeFirst()
  return newest?.errorCode === 'budget_exceeded'
}

/** As limits are set. */
const toMicros = (nano: number): number => Math.round(nano / 1e3) * 1e3

const submitDearest = async (
  { apis }: Stack,
  client: ChaosClient,
  prompt: string,
): Promise<number> => {
  const urls = [...apis].map(({ url }) => url)
  const url = urls[Math.floor(Math.random() * urls.length)] ?? ''
  return (await client.submitTo(url, prompt, {}, DEAREST)).status
}

const setDailyLimit = async (stack: Stack, scope: string, nano: number): Promise<void> => {
  const [api] = stack.apis
  const response = await fetch(`${api?.url}/api/budgets/${encodeURIComponent(scope)}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${await stack.signTokenFor('operator', true)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ dailyUsd: nano / NANO }),
  })
  if (response.status !== 204) throw new Error(`no budget: ${await response.text()}`)
}

const readSum = async ({ db }: Stack, scope: string): Promise<number> => {
  const { rows } = await sql<{ nano: string }>`
    select coalesce(sum(nano_usd), 0) as nano from spending
    where scope = ${scope} and period = 'day' and starts = (now() at time zone 'UTC')::date`.execute(
    db,
  )
  return Number(rows[0]?.nano)
}

/** The highest that the sum is ever seen at. */
const watchSum = async (stack: Stack, scope: string, end: AbortSignal): Promise<number> => {
  let highest = 0
  while (!end.aborted) {
    highest = Math.max(highest, await readSum(stack, scope))
    await delay(20)
  }
  return highest
}

/** Kills workers one after the other, with what they run, and starts another one in the place of each. */
const killWorkers = async (stack: Stack, plan: Plan): Promise<number> => {
  const kills = countOf(plan, { full: 12, short: 2 })
  const random = createRandom(plan.seed)
  for (let kill = 0; kill < kills; kill++) {
    await delay(KILL_EVERY_MS * (0.5 + random()))
    const workers = [...stack.workers]
    await workers[Math.floor(random() * workers.length)]?.kill()
    await (await stack.startWorker()).untilReady()
  }
  return kills
}

const countFailures = async ({ db }: Stack, owners: readonly string[]) => {
  const rows = await db
    .selectFrom('generations')
    .select('errorCode')
    .where('ownerId', 'in', owners)
    .where('status', '=', 'failed')
    .execute()
  const atLimit = rows.filter(({ errorCode }) => errorCode === 'budget_exceeded').length
  return { atLimit, otherwise: rows.length - atLimit }
}
