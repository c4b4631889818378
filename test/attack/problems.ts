import { problemSchema } from '../../src/contract/problem.ts'
import type { Told } from './ask.ts'

/** What is wrong with a refusal (400 or more): undefined when it is a whole problem document, as every one must be. */
export const findProblemFault = (
  { status, headers, text }: Pick<Told, 'status' | 'headers' | 'text'>,
  hasBody = true,
): string | undefined => {
  if (status < 400) return undefined
  const type = String(headers['content-type'])
  if (!/^application\/problem\+json\b/.test(type)) return `a ${status} of type ${type}`
  if (!hasBody) return undefined
  const parsed = problemSchema.strict().safeParse(parseJson(text))
  if (!parsed.success) return `a ${status} that is no problem: ${parsed.error.issues[0]?.message}`
  if (parsed.data.status !== status) return `a ${status} that says ${parsed.data.status}`
  return parsed.data.detail === '' ? `a ${status} without a word` : undefined
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
