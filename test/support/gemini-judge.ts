import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'

export const JUDGE_MODEL = 'gemini-3.5-flash-lite'

export type JudgePair = { id: string; a: string; b: string }

/** What it says of a pair, or what it does in place of answering. */
export type JudgeChoice = (pair: JudgePair) => 'same' | 'different'
export type JudgeFailure = { status: number } | 'hang' | 'reset' | 'garbage'

const PATH = `/v1beta/models/${JUDGE_MODEL}:generateContent`

/** A model of texts as far as it is asked about pairs of prompts. Finds all different unless it is told otherwise. */
export const createJudgeStandIn = () => {
  const calls: JudgePair[][] = []
  let choose: JudgeChoice = () => 'different'
  let failure: JudgeFailure | undefined

  /** False for a request that is none for verdicts. */
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    if (request.method !== 'POST' || request.url !== PATH) return false
    const body = (await json(request)) as { contents: { parts: { text: string }[] }[] }
    const { pairs } = JSON.parse(body.contents[0]?.parts[0]?.text ?? '') as { pairs: JudgePair[] }
    calls.push(pairs)
    if (failure === 'hang') return true
    if (failure === 'reset') {
      response.socket?.resetAndDestroy()
      return true
    }
    const status = typeof failure === 'object' ? failure.status : 200
    const verdicts = pairs.map((pair) => ({ id: pair.id, verdict: choose(pair) }))
    const text = failure === 'garbage' ? 'The same, I would say.' : JSON.stringify(verdicts)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({
        candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP' }],
        usageMetadata: JUDGE_USAGE,
        responseId: `judged-${calls.length}`,
      }),
    )
    return true
  }
  return {
    answer,
    /** The pairs of every request so far. */
    calls: calls as readonly JudgePair[][],
    /** From now on. */
    say: (next: JudgeChoice) => {
      choose = next
    },
    fail: (next: JudgeFailure | undefined) => {
      failure = next
    },
    reset: () => {
      calls.length = 0
      choose = () => 'different'
      failure = undefined
    },
  }
}

export const JUDGE_USAGE = {
  promptTokenCount: 500,
  candidatesTokenCount: 60,
  thoughtsTokenCount: 0,
}

/** By the price table: $0.30 and $2.50 for a million tokens. */
export const VERDICT_COST_USD = (500 * 0.3 + 60 * 2.5) / 1_000_000

/** Says "same" of exactly these two texts, whichever comes first, as somebody would who can read. */
export const sayingSame =
  (...texts: readonly [string, string]): JudgeChoice =>
  ({ a, b }) =>
    [a, b].sort().join('|') === [...texts].sort().join('|') ? 'same' : 'different'

/** Does whatever a text tells it to. */
export const gullible: JudgeChoice = ({ a, b }) =>
  /answer.{0,20}same/i.test(`${a} ${b}`) ? 'same' : 'different'
