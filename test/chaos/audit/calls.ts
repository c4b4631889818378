import type { GeminiCall } from '../../support/gemini-server.ts'
import type { Stack } from '../stack.ts'
import { groupBy } from './group-by.ts'

type Calls = { calls: number; chargedCalls: number; callsWithoutIntent: number }

/**
 * The provider's own count for each generation, found by its prompt, beside the intents in our books: the nth call
 * must have come after the nth intent was written down.
 */
export const readCalls = async ({
  db,
  provider,
}: Pick<Stack, 'db' | 'provider'>): Promise<(id: string, prompt: string) => Calls> => {
  const attempts = await db
    .selectFrom('attempts')
    .select(['generationId', 'startedAt'])
    .orderBy('startedAt')
    .execute()
  const intents = groupBy(attempts, ({ generationId }) => generationId)
  const callsByPrompt = groupBy(provider.calls, ({ prompt }) => prompt)
  return (id, prompt) => {
    const calls = callsByPrompt.get(prompt) ?? []
    const own = intents.get(id) ?? []
    const hasIntent = ({ at }: GeminiCall, n: number) =>
      (own[n]?.startedAt.getTime() ?? Number.POSITIVE_INFINITY) <= at
    return {
      calls: calls.length,
      chargedCalls: calls.filter(provider.isCharged).length,
      callsWithoutIntent: calls.filter((call, n) => !hasIntent(call, n)).length,
    }
  }
}
