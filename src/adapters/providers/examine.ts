import { z } from 'zod'
import { type Explanation, explainNetwork, type Finding } from '../../lib/finding.ts'

const PATIENCE_MS = 4_000

type Gemini = { apiKey: string; model: string; baseUrl: string }

/** As Google says errors; a gateway that does not know the request says them otherwise. */
const errorSchema = z.object({ error: z.object({ status: z.string(), message: z.string() }) })

/** Looks whether Gemini is there, knows the key and has the model; costs nothing. Never rejects. */
export const examineGemini = async (gemini: Gemini): Promise<Finding[]> => [
  { part: 'model', ...(await examine(gemini)) },
]

const examine = async ({ apiKey, model, baseUrl }: Gemini): Promise<Explanation> => {
  const name = model.replace(/^models\//, '')
  try {
    const answer = await fetch(`${baseUrl}/v1beta/models/${encodeURIComponent(name)}`, {
      headers: { 'x-goog-api-key': apiKey },
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const text = await answer.text()
    if (answer.ok) return GOOD
    return explainAnswer(answer.status, text)
  } catch (error) {
    const network = explainNetwork(error) ?? { kind: 'away', found: 'It is not reached.' }
    return { setting: 'GEMINI_BASE_URL', ...network }
  }
}

const GOOD: Explanation = {
  setting: 'GEMINI_MODEL',
  kind: 'good',
  found: 'The model is there, and the key is good.',
}

const explainAnswer = (status: number, text: string): Explanation => {
  const said = parseError(text)
  if (said?.status === 'NOT_FOUND' && status === 404) return NO_MODEL
  const isKey =
    said?.status === 'UNAUTHENTICATED' ||
    said?.status === 'PERMISSION_DENIED' ||
    /API key/i.test(said?.message ?? '')
  if (said && isKey) return WRONG_KEY
  if (status === 429 || status >= 500) {
    return { setting: 'GEMINI_BASE_URL', kind: 'away', found: `It does not work (${status}).` }
  }
  return {
    setting: 'GEMINI_BASE_URL',
    kind: 'costly',
    found: `It does not tell whether the model is there (${status}).`,
    remedy: 'Make an image to see.',
  }
}

const parseError = (text: string) => {
  try {
    return errorSchema.parse(JSON.parse(text)).error
  } catch {
    return undefined
  }
}

const NO_MODEL: Explanation = {
  setting: 'GEMINI_MODEL',
  kind: 'wrong',
  found: 'There is no such model, or no longer.',
  remedy: 'Name one of GET /api/info that the provider still has.',
}

const WRONG_KEY: Explanation = {
  setting: 'GEMINI_API_KEY',
  kind: 'wrong',
  found: 'Gemini refuses the key.',
  remedy: 'Give one that is valid for the Gemini API.',
}
