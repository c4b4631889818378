import { z } from 'zod'
import { type Explanation, explainNetwork, type Finding } from '../../lib/finding.ts'

const PATIENCE_MS = 4_000

type Openai = { apiKey: string; baseUrl: string; models: readonly string[] }

const listSchema = z.object({ data: z.array(z.object({ id: z.string() })) })

/** Looks whether an OpenAI-shaped server is there, knows the key and has the models; costs nothing. Never rejects. */
export const examineOpenai = async (openai: Openai): Promise<Finding[]> => [
  { part: 'model', ...(await examine(openai)) },
]

const examine = async ({ apiKey, baseUrl, models }: Openai): Promise<Explanation> => {
  try {
    const answer = await fetch(`${baseUrl.replace(/\/+$/, '')}/models`, {
      headers: { authorization: `Bearer ${apiKey}` },
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const text = await answer.text()
    return answer.ok ? compare(models, parseNames(text)) : explainStatus(answer.status)
  } catch (error) {
    const network = explainNetwork(error) ?? { kind: 'away', found: 'It is not reached.' }
    return { setting: 'OPENAI_BASE_URL', ...network }
  }
}

const parseNames = (text: string): string[] | undefined => {
  try {
    return listSchema.parse(JSON.parse(text)).data.map(({ id }) => id)
  } catch {
    return undefined
  }
}

/** A list need not be whole: gateways leave models of images out, and have names that are not in it. */
const compare = (models: readonly string[], names: readonly string[] | undefined): Explanation => {
  const missing = models.filter((name) => !names?.includes(name))
  if (missing.length === 0) {
    return {
      setting: 'OPENAI_MODELS',
      kind: 'good',
      found: 'The models are there, and the key is good.',
    }
  }
  const found = names ? `It does not list ${missing.join(', ')}.` : 'It does not tell its models.'
  return { setting: 'OPENAI_MODELS', kind: 'costly', found, remedy: 'Make an image to see.' }
}

const explainStatus = (status: number): Explanation => {
  if (status === 401 || status === 403) return WRONG_KEY
  if (status === 429 || status >= 500) {
    return { setting: 'OPENAI_BASE_URL', kind: 'away', found: `It does not work (${status}).` }
  }
  return {
    setting: 'OPENAI_BASE_URL',
    kind: 'costly',
    found: `It does not tell which models it has (${status}).`,
    remedy:
      'See whether it ends with the version of the API, as in https://api.openai.com/v1; then make an image.',
  }
}

const WRONG_KEY: Explanation = {
  setting: 'OPENAI_API_KEY',
  kind: 'wrong',
  found: 'The server refuses the key.',
  remedy: 'Give one that is valid for the server at OPENAI_BASE_URL.',
}
