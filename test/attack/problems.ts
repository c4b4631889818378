import { problemSchema } from '../../src/contract/problem.ts'
import type { Told } from './ask.ts'
import { findDialect } from './dialects.ts'

/**
 * What is wrong with a refusal (400 or more): undefined when it is a whole problem document, as every one must be, or what the clients of
 * another API read.
 */
export const findProblemFault = (
  { path = '', status, headers, text }: Omit<Told, 'ms' | 'path'> & { path?: string },
  hasBody = true,
): string | undefined => {
  if (status < 400) return undefined
  const type = String(headers['content-type'])
  const dialect = findDialect(path)
  if (dialect) {
    if (!/^application\/json\b/.test(type)) return `a ${status} of type ${type}`
    const isWhole = !hasBody || dialect.safeParse(parseJson(text)).success
    return isWhole ? undefined : `a ${status} that its clients can't read: ${text.slice(0, 200)}`
  }
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
