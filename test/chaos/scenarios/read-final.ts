import { sql } from 'kysely'
import type { ChaosClient } from '../client.ts'
import type { Stack } from '../stack.ts'

/**
 * All of a finished generation that may never change again. What it cost may, as a call that turns out to have been
 * paid for is booked whenever that is known, and so may the time when the upkeep looked for its object.
 */
export const readFinal = async ({ db }: Stack, client: ChaosClient, id: string) => {
  const { costNanoUsd, costUsd, paidCalls, ambiguousCalls, ...row } = await db
    .selectFrom('generations')
    .selectAll()
    // Which the release before reads.
    .select(sql<number>`cost_usd`.as('costUsd'))
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const { objectCheckedAt, ...image } = await db
    .selectFrom('imageMetadata')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const events = await db
    .selectFrom('generationEvents')
    .selectAll()
    .where('generationId', '=', id)
    .where('sequence', 'is not', null)
    .orderBy('sequence')
    .execute()
  const { imageUrl } = await client.get(id)
  return { row, image, events, bytes: await client.download(imageUrl) }
}
