import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { sql } from 'kysely'
import { createFilesystemStore } from '../../../src/adapters/storage/filesystem.ts'
import type { Stack } from '../../chaos/stack.ts'
import { makePng } from '../../support/pictures.ts'
import { insertCheck, insertImage, insertSuccess } from '../../support/rows.ts'

export type Belongings = Awaited<ReturnType<ReturnType<typeof createBelongings>['give']>>

const hex = (bytes: number) => randomBytes(bytes).toString('hex')

/** Puts one of everything into an owner's hands, as it stands in the database and the store. */
export const createBelongings = ({ db, env }: Pick<Stack, 'db' | 'env'>) => {
  const store = createFilesystemStore({ directory: join(env.DATA_DIR ?? '', 'images') })
  const picture = makePng()

  const give = async (ownerId: string, words: string) => {
    await db
      .insertInto('users')
      .values({ id: ownerId })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    const bytes = await picture
    const made = await insertSuccess(db, {
      ownerId,
      prompt: words,
      // Of a provider that the workers have, so that what is asked for again is made.
      provider: 'gemini',
      model: 'gemini-nano-banana-2.1',
      eventSequence: 1,
      finishedAt: new Date(),
    })
    await store.put(made.objectKey, { bytes, mimeType: 'image/png' })
    await insertCheck(db, { ownerId, generationId: made.id })
    const [upload, item, digest] = [`i_${hex(20)}`, `item-${hex(8)}`, hex(32)]
    await insertImage(db, {
      id: upload,
      userId: ownerId,
      objectKey: `uploads/${upload}/${hex(8)}`,
      imageType: 'user_uploaded',
    })
    const surplus = `surplus/${made.id}/${hex(8)}`
    await store.put(surplus, { bytes, mimeType: 'image/png' })
    await db
      .insertInto('surplusObjects')
      .values({
        generationId: made.id,
        attemptId: '0',
        digest,
        kind: 'picture',
        mimeType: 'image/png',
        reason: null,
        sizeBytes: bytes.length,
        objectKey: surplus,
      })
      .execute()
    await db.insertInto('savedItems').values({ ownerId, id: item, title: words }).execute()
    const webhook = `we_${hex(20)}`
    await db
      .insertInto('webhookEndpoints')
      .values({
        id: webhook,
        ownerId,
        url: `https://app.example/${hex(4)}`,
        description: words,
        events: ['generation.failed'],
        secret: `whsec_${Buffer.from(words).toString('base64')}`,
      })
      .execute()
    const { id: delivery } = await db
      .insertInto('webhookDeliveries')
      .values({ endpointId: webhook, type: 'webhook.test', snapshot: null, status: 'delivered' })
      .returning('id')
      .executeTakeFirstOrThrow()
    return { generation: made.id, upload, item, webhook, delivery, digest }
  }

  /** All that an owner has, to the letter. */
  const describe = async (ownerId: string): Promise<string> => {
    const { rows } = await sql<{ everything: string }>`
      select concat_ws(E'\n',
        (select json_agg(g order by g.id) from generations g where owner_id = ${ownerId}),
        (select json_agg(i order by i.id) from image_metadata i where user_id = ${ownerId}),
        (select json_agg(s order by s.id) from saved_items s where owner_id = ${ownerId}),
        (select json_agg(w order by w.id) from webhook_endpoints w where owner_id = ${ownerId}),
        (select json_agg(d order by d.id) from webhook_deliveries d
          join webhook_endpoints w on w.id = d.endpoint_id where w.owner_id = ${ownerId}),
        (select json_agg(c order by c.generation_id) from similarity_checks c where owner_id = ${ownerId}),
        (select json_agg(u) from users u where id = ${ownerId})
      ) as everything`.execute(db)
    return rows[0]?.everything ?? ''
  }
  return { give, describe }
}

/** One that the server knows. */
const MODEL = 'gemini-nano-banana-2.1'

/** A route's address with these things in it. */
export const addressOf = (path: string, things: Belongings): string => {
  const id = /^\/api\/webhooks/.test(path)
    ? things.webhook
    : // Receipts are of what was made.
      /^\/api\/images(?!\/\{id\}\/receipt)/.test(path)
      ? things.upload
      : /^\/api\/saved-items/.test(path)
        ? things.item
        : things.generation
  return path
    .replace('{owner}/{app}', 'fal-ai/x')
    .replace('{version}', 'v1beta')
    .replace('{call}', `${MODEL}:generateContent`)
    .replace(/\{model\}|(?<=^\/openai\/v1\/models\/)\{id\}/, MODEL)
    .replace('{id}', id)
    .replace('{deliveryId}', things.delivery)
    .replace('{digest}', things.digest)
    .replace('{file}', things.generation)
    .replace(/\*$/, path.startsWith('/admin/') ? '' : 'x')
}
