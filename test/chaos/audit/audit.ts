import { isTerminal } from '../../../src/contract/vocabulary.ts'
import type { ChaosClient } from '../client.ts'
import { inLanes } from '../in-lanes.ts'
import type { Stack } from '../stack.ts'
import { readCalls } from './calls.ts'
import { readLives } from './lives.ts'
import { isRightPicture } from './pictures.ts'

/** What became of one generation, by its rows and by the provider's count. */
export type Facts = {
  id: string
  prompt: string
  /** Undefined when there is no row. */
  status: string | undefined
  isTerminal: boolean
  /** Our own books. */
  paidCalls: number
  /** How often it was asked for anew, and whether each time it ended once. */
  lives: number
  isEndedOnce: boolean
  /** The provider's books. */
  calls: number
  chargedCalls: number
  callsWithoutIntent: number
  /** False when its URL shows anything but the provider's picture; of a failed one there is nothing to show. */
  isShownRight: boolean
}

const DOWNLOADS_AT_ONCE = 4

/**
 * The facts of every generation that a client was told of or that has a row. To be read once all have settled,
 * with an API running. Each prompt is to be asked for by one client only.
 */
export const readFacts = async (
  stack: Stack,
  clients: readonly ChaosClient[],
): Promise<Facts[]> => {
  const rows = await stack.db
    .selectFrom('generations')
    .select(['id', 'prompt', 'status', 'paidCalls'])
    .execute()
  const rowById = new Map(rows.map((row) => [row.id, row]))
  const asked = new Map(clients.flatMap(({ accepted }) => [...accepted]))
  const prompts = new Map([...rows.map(({ id, prompt }) => [id, prompt] as const), ...asked])
  const [livesOf, callsOf] = await Promise.all([readLives(stack.db), readCalls(stack)])
  const facts = [...prompts].map(([id, prompt]): Facts => {
    const row = rowById.get(id)
    return {
      id,
      prompt,
      status: row?.status,
      isTerminal: row !== undefined && isTerminal(row.status),
      paidCalls: row?.paidCalls ?? 0,
      ...livesOf(id),
      ...callsOf(id, prompt),
      isShownRight: true,
    }
  })
  await inLanes(DOWNLOADS_AT_ONCE, facts, async (each) => {
    const client = clients.find(({ accepted }) => accepted.has(each.id))
    if (each.status !== 'succeeded' || !client) return
    each.isShownRight = await isRightPicture(client, each.id, each.prompt)
  })
  return facts
}
