import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { AnalyticsSummary } from '../../src/contract/analytics.ts'
import type { Generation } from '../../src/contract/generation.ts'
import type { Reconciliation } from '../../src/contract/reconciliation.ts'
import type { Statement } from '../../src/contract/savings.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { answerOf, makeImage } from '../support/gemini-answers.ts'
import type { GeminiBehaviour } from '../support/gemini-behaviour.ts'
import { TEXT_MODEL, textUsage } from '../support/gemini-passing.ts'
import type { GeminiCall } from '../support/gemini-server.ts'
import { type BilledTokens, createProviderBill } from '../support/provider-bill.ts'
import { findMiscounted } from '../support/sums.ts'
import { waitFor } from '../support/wait-for.ts'

/** As many as the acceptance asks for with `BOOKED_CALLS=10000`. */
const CALLS = Number(process.env.BOOKED_CALLS ?? 160)
const SEED = Number(process.env.BOOKED_SEED ?? Math.floor(Math.random() * 1e6))
const AT_ONCE = 12
const OWNERS = ['ada', 'ben', 'cleo']

const IMAGE_TOKENS: Record<string, Record<string, number>> = {
  'gemini-nano-banana-2.1': { '1K': 1_120, '2K': 1_680, '4K': 3_780 },
  'gemini-3-pro-image': { '1K': 1_120, '2K': 1_120, '4K': 2_000 },
  'gemini-3.1-flash-lite-image': { '1K': 1_120 },
}
const MODELS = Object.keys(IMAGE_TOKENS)

/** mulberry32: the same numbers for a seed. */
const createDice = (seed: number) => {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (count: number): number => Math.floor(next() * count)
  return { below, pick: <T>(values: readonly T[]): T => values[below(values.length)] as T }
}

/** What becomes of a prompt's first call; its further ones are plain. */
const FATES = [
  'image',
  'image',
  'image',
  'thought',
  'cached',
  'tool',
  'conditioned',
  'two pictures',
  'without details',
  'text only',
  'refused prompt',
  'withheld',
  'busy',
  'broken and billed',
  'broken and free',
  'garbage and billed',
] as const
type Fate = (typeof FATES)[number]

let app: TestApp
let operator: Client
const clients = new Map<string, Client>()
const bill = createProviderBill()
const dice = createDice(SEED)

beforeAll(async () => {
  app = await startTestApp({
    env: {
      EMBEDDING_SOURCE: 'gemini',
      SIMILARITY_MODE: 'shadow',
      SWEEP_INTERVAL_MS: '100',
      RETRY_BACKOFF_MS: '5',
      WORKER_CONCURRENCY: '12',
    },
  })
  for (const owner of OWNERS) clients.set(owner, await createClient(app, owner))
  operator = await createClient(app, 'ops', true)
  app.gemini.behave(answer)
})
afterAll(() => app.stop())

const seen = new Map<string, number>()
let answers = 0

/** What the stand-in answers, with what it counts and what it puts on its bill. */
const answer = async (call: GeminiCall): Promise<GeminiBehaviour> => {
  const times = seen.get(call.prompt) ?? 0
  seen.set(call.prompt, times + 1)
  const asked = /fate: ([a-z ]+);/.exec(call.prompt)?.[1] as Fate
  const fate: Fate = times === 0 ? asked : 'image'
  const responseId = `r-${++answers}`
  const size = call.body.generationConfig?.imageConfig?.imageSize ?? '1K'
  const image = IMAGE_TOKENS[call.model]?.[size] ?? 1_120
  const text = 5 + (answers % 40)
  const put = (tokens: BilledTokens, id: string | undefined = responseId) =>
    bill.charge(call.model, tokens, { responseId: id })
  const raw = (usage: object, parts: object[], finishReason = 'STOP'): GeminiBehaviour => ({
    kind: 'raw',
    status: 200,
    json: { ...answerOf(parts, { finishReason, usage }), responseId },
  })
  const picture = async (number = call.number) => makeImage(number, call.body)
  const usageOf = (input: number, images: number, more: object = {}) => ({
    promptTokenCount: input,
    candidatesTokenCount: images,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: input }],
    candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: images }],
    ...more,
  })
  switch (fate) {
    case 'image':
      put({ textIn: text, imageOut: image })
      return raw(usageOf(text, image), [await picture()])
    case 'thought': {
      const thinking = 300 + (answers % 900)
      put({ textIn: text, imageOut: image, thinking })
      return raw(usageOf(text, image, { thoughtsTokenCount: thinking }), [await picture()])
    }
    case 'cached':
      put({ textIn: text, cachedIn: 64, imageOut: image })
      return raw(usageOf(text + 64, image, { cachedContentTokenCount: 64 }), [await picture()])
    case 'tool':
      put({ textIn: text, toolUse: 33, imageOut: image })
      return raw(usageOf(text, image, { toolUsePromptTokenCount: 33 }), [await picture()])
    case 'conditioned': {
      put({ textIn: text, imageIn: 258, imageOut: image })
      const promptTokensDetails = [
        { modality: 'TEXT', tokenCount: text },
        { modality: 'IMAGE', tokenCount: 258 },
      ]
      return raw(usageOf(text + 258, image, { promptTokensDetails }), [await picture()])
    }
    case 'two pictures':
      put({ textIn: text, imageOut: 2 * image, textOut: 7 })
      return raw(
        {
          ...usageOf(text, 2 * image),
          candidatesTokenCount: 2 * image + 7,
        },
        [{ text: 'Two of them.' }, await picture(), await picture(call.number + 5_000)],
      )
    case 'without details': {
      const thinking = 120
      put({ textIn: text, imageOut: image, textOut: 11, thinking })
      const usage = {
        promptTokenCount: text,
        candidatesTokenCount: image + 11,
        thoughtsTokenCount: thinking,
      }
      return raw(usage, [{ text: 'Here.' }, await picture()])
    }
    case 'text only': {
      put({ textIn: text, textOut: 25 })
      return raw({ promptTokenCount: text, candidatesTokenCount: 25 }, [
        { text: 'I can only talk.' },
      ])
    }
    case 'refused prompt':
      put({ textIn: text })
      return {
        kind: 'raw',
        status: 200,
        json: {
          promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
          usageMetadata: { promptTokenCount: text },
          responseId,
        },
      }
    case 'withheld':
      put({ textIn: text, imageOut: image })
      return raw(usageOf(text, image), [], 'IMAGE_SAFETY')
    case 'busy':
      return { kind: 'raw', status: 503, json: { error: { code: 503, status: 'UNAVAILABLE' } } }
    case 'broken and billed':
      put({ textIn: text, imageOut: image })
      return { kind: 'reset_mid_body' }
    case 'broken and free':
      return { kind: 'reset_mid_body' }
    case 'garbage and billed':
      put({ textIn: text, imageOut: image })
      return { kind: 'garbage_body' }
  }
}

const askForImage = async (at: number): Promise<void> => {
  const client = clients.get(dice.pick(OWNERS)) as Client
  const model = dice.pick(MODELS)
  const imageSize = dice.pick(Object.keys(IMAGE_TOKENS[model] ?? {}))
  const fate = dice.pick(FATES)
  const lane = dice.below(4) === 0 ? 'eager' : 'interactive'
  const prompt = `fate: ${fate}; picture ${at} of a hill`
  const { status } = await client.call<Generation>('POST', '/api/visualize/generate', {
    body: { prompt, model, imageSize, lane },
    headers: { Prefer: 'wait=20' },
  })
  expect([200, 202]).toContain(status)
}

/** Handed on as it came, to a model that has no price here. */
const askForText = async (): Promise<void> => {
  const client = clients.get(dice.pick(OWNERS)) as Client
  const { status } = await client.call(
    'POST',
    `/gemini/v1beta/models/${TEXT_MODEL}:generateContent`,
    { body: { contents: [{ role: 'user', parts: [{ text: 'say something' }] }] } },
  )
  expect(status).toBe(200)
  const counted = {
    textIn: textUsage.promptTokenCount,
    textOut: textUsage.candidatesTokenCount,
  }
  bill.charge(TEXT_MODEL, counted, { responseId: `t-${++answers}` })
}

const askForAll = async (): Promise<void> => {
  let next = 0
  const askOn = async (): Promise<void> => {
    while (next < CALLS) {
      const at = next++
      await (at % 20 === 7 ? askForText() : askForImage(at))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, askOn))
  const isOver = async () => {
    const { rows } = await sql<{ open: number }>`
      select (select count(*) from generations where status in ('queued', 'running'))::int
        + (select count(*) from embedding_calls where finished_at is null)::int
        + (select count(*) from gateway_calls where finished_at is null)::int as open`.execute(
      app.db,
    )
    return rows[0]?.open === 0
  }
  await waitFor(isOver, { what: 'all generations to have ended' })
  // The provider counts the words of what was embedded, and tells nobody.
  for (const { model, texts } of app.gemini.embeddings.calls) {
    const textIn = Math.ceil(texts.join('').length / 5)
    bill.charge(model, { textIn }, { responseId: `e-${++answers}` })
  }
}

const upload = async (csv: string, query: Record<string, string>): Promise<Reconciliation> => {
  const { status, body } = await operator.call<Reconciliation>(
    'POST',
    `/api/reconciliations?${new URLSearchParams({ name: 'november.csv', ...query })}`,
    { body: csv, headers: { 'content-type': 'text/csv' } },
  )
  expect({ status, body }).toMatchObject({ status: 201 })
  return body
}

/** In billionths, from each place that has it. */
const readSums = async () => {
  const { rows } = await sql<Record<string, string>>`select
    (select sum(cost_nano_usd) from attempts) as "attempts",
    (select sum(cost_nano_usd) from generations) as "generations",
    (select coalesce(sum(cost_nano_usd), 0) from gateway_calls) as "passed",
    (select coalesce(sum(cost_nano_usd), 0) from embedding_calls) as "embedded",
    (select nano_usd from spending where scope = 'all' and period = 'month'
      order by starts desc limit 1) as "budget",
    (select sum(nano_usd) from spending where scope like 'owner:%' and period = 'month') as "owners"`.execute(
    app.db,
  )
  return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, sum]) => [name, Number(sum)]))
}

const toNano = (usd: number) => Math.round(usd * 1e9)
/** Sums of the month that began before midnight, and of the one after. */
const thisMonth = () => new Date().toISOString().slice(0, 7)
const inPacificTime = (ms: number) =>
  new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles' }).format(ms)

const nothingLeft = { count: 0, usd: 0, items: [] }

test(`${CALLS} mixed calls are explained to the last row, and all books say the same`, async () => {
  await askForAll()
  const through = inPacificTime(Date.now())
  const asBooked = await readSums()
  const explained = {
    isExplained: true,
    billedNotBooked: nothingLeft,
    bookedNotBilled: nothingLeft,
    bad: { count: 0 },
  }
  const where = `seed ${SEED}`

  const byCall = await upload(bill.byCall(), { through })
  expect({ where, ...byCall }).toMatchObject({ where, ...explained, form: 'calls' })
  expect(byCall.explained.rows).toBe(byCall.bill.rows)

  const byDay = await upload(bill.byHour(), { through })
  expect({ where, ...byDay }).toMatchObject({ where, ...explained, form: 'days' })
  expect(byDay.explained).toEqual({ rows: byDay.bill.rows, usd: byDay.bill.usd })
  // Nothing is changed unless it is asked for.
  expect(await readSums()).toEqual(asBooked)

  const settled = await upload(bill.byHour(), { through, settle: 'true' })
  expect(settled.estimates.calls).toBeGreaterThan(0)
  const again = await upload(bill.byHour(), { through, settle: 'true' })
  expect(again).toMatchObject({ ...explained, estimates: { calls: 0 }, booked: { estimates: 0 } })

  const sums = await readSums()
  const total = bill.totalNanoUsd()
  const booked = Number(sums.attempts) + Number(sums.passed) + Number(sums.embedded)
  expect({ where, booked }).toEqual({ where, booked: total })
  expect(sums.generations).toBe(sums.attempts)
  expect(sums.budget).toBe(total)
  expect(sums.owners).toBe(total)
  expect(await findMiscounted(app.db)).toEqual([])

  const month = thisMonth()
  const { body: statement } = await operator.call<Statement>('GET', `/api/statements/${month}`)
  const { body: summary } = await operator.call<AnalyticsSummary>(
    'GET',
    `/api/analytics/summary?from=${month}-01&to=${statement.to}`,
  )
  expect(toNano(summary.figures.spendUsd)).toBe(total)
  expect(toNano(summary.figures.estimatedUsd)).toBe(0)
  expect(toNano(statement.spendUsd)).toBe(total)
  expect(toNano(statement.models.reduce((sum, { spendUsd }) => sum + spendUsd, 0))).toBe(total)
  process.stdout.write(
    `${JSON.stringify({ seed: SEED, charges: bill.charges.length, rows: byDay.bill.rows, usd: byDay.bill.usd, settled: settled.estimates })}\n`,
  )
}, 3_600_000)
