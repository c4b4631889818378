import { isWithheld } from './gemini-answer.ts'

/**
 * An answer as it is kept, whole but for what its images are: `{"$image": k}` stands for the k-th of `listGeminiImages`. A
 * part whose image is not among these (a draft, one that was withheld) is left out. Postgres takes neither a NUL nor half a character.
 */
export const keepGeminiAnswer = (answer: unknown): unknown => {
  const { candidates, ...rest } = answer as { candidates?: Candidate[] | null }
  let next = 0
  const keepPart = (part: Part, isLost: boolean): unknown[] => {
    const data = part.inlineData?.data
    if (typeof data !== 'string') return [keepJson(part)]
    const { thought, inlineData, ...others } = part
    if (isLost || thought || Buffer.from(data, 'base64').length === 0) return []
    const { data: _data, ...described } = inlineData ?? {}
    return [
      { ...asObject(others), inlineData: { ...asObject(described), data: { $image: next++ } } },
    ]
  }
  const kept = candidates?.map((candidate) => {
    const { content, ...said } = candidate
    const { parts, ...about } = content ?? {}
    const lost = isWithheld(candidate)
    const keptParts = parts?.flatMap((part) => keepPart(part, lost))
    return {
      ...asObject(said),
      ...(content && { content: { ...asObject(about), ...(keptParts && { parts: keptParts }) } }),
    }
  })
  return { ...asObject(rest), ...(kept && { candidates: kept }) }
}

type Part = { thought?: boolean | null; inlineData?: { data?: unknown } | null }
type Candidate = {
  finishReason?: string | null
  content?: { parts?: Part[] | null } | null
}

const asObject = (value: object): object => keepJson(value) as object

/** As JSON has it, and as Postgres takes it: the SDK puts functions beside. */
export const keepJson = (value: unknown): unknown => {
  if (typeof value === 'string') return value.replaceAll('\u0000', '\ufffd').toWellFormed()
  if (Array.isArray(value)) return value.map(keepJson)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, inner]) => typeof inner !== 'function')
  return Object.fromEntries(entries.map(([key, inner]) => [keepJson(key), keepJson(inner)]))
}
