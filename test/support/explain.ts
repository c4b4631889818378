import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { type Explanation, explanationSchema } from '../../src/contract/explanation.ts'
import type { Client } from './client.ts'

/** What a request would do, as the contract has it. */
export const explainAll = async (
  client: Client,
  body: object,
  headers: Record<string, string> = {},
): Promise<Explanation> => {
  const answer = await client.call('POST', '/api/visualize/explain', { body, headers })
  if (answer.status !== 200) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`)
  return explanationSchema.strict().parse(answer.body)
}

/** Of a request for one image. */
export const explain = async (...request: Parameters<typeof explainAll>) => {
  const { images, ...rest } = await explainAll(...request)
  const [image] = images
  if (!image || images.length > 1) throw new Error(`${images.length} images were explained`)
  return { ...rest, ...image }
}

/** A digest of all rows of a database, but for those by which processes say that they are there. */
export const digestRows = async (db: Database): Promise<Record<string, string | null>> => {
  const { rows: tables } = await sql<{ name: string }>`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
      and table_name not in ('workers', 'rate_counts', 'alert_evaluation', 'query_times')
    order by 1`.execute(db)
  const digests: Record<string, string | null> = {}
  for (const { name } of tables) {
    const { rows } = await sql<{ digest: string | null }>`
      select md5(string_agg(one::text, ',' order by one::text)) as digest
      from ${sql.raw(name)} as one`.execute(db)
    digests[name] = rows[0]?.digest ?? null
  }
  return digests
}
