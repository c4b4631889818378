import type { Stack } from '../stack.ts'
import type { Facts } from './audit.ts'

/**
 * What processes that crashed said last; our books and the provider's, side by side, of each generation that did not
 * end well after one call.
 */
export const describeTrouble = async (
  { db, provider, crashes }: Stack,
  facts: readonly Facts[],
): Promise<string[]> => {
  const uneven = facts.filter(({ calls, status }) => calls !== 1 || status !== 'succeeded')
  const attempts = await db.selectFrom('attempts').selectAll().orderBy('id').execute()
  const described = uneven.map(({ id, prompt, status }) => {
    const intents = attempts
      .filter(({ generationId }) => generationId === id)
      .map(
        ({ startedAt, finishedAt, workerId, outcome }) =>
          `  intent ${timeOf(startedAt)} of ${workerId}: ${outcome ?? 'open'} ${timeOf(finishedAt)}`,
      )
    const calls = provider.calls
      .filter((call) => call.prompt === prompt)
      .map((call) => `  call ${timeOf(new Date(call.at))}: ${provider.behaviourOf(call)?.kind}`)
    return [`"${prompt}" (${id}) ${status}`, ...intents, ...calls].join('\n')
  })
  return [...crashes, ...described]
}

const timeOf = (at: Date | null): string => at?.toISOString().slice(11, 23) ?? ''
