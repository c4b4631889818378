import { createHash } from 'node:crypto'
import pg from 'pg'
import { messageOf } from '../src/lib/errors.ts'

/** Any number that no other advisory lock uses. */
const LOCK_KEY = 1_869_505_382

const PREFIX = 'prompt_embeddings_near_'

/** The index of one model's vectors, which have a number of dimensions of their own. */
export const nameVectorIndex = (model: string): string =>
  PREFIX + createHash('sha256').update(model).digest('hex').slice(0, 12)

/**
 * Makes an HNSW index of a model's vectors where pgvector is installed or may be, in place of another model's. Writers are not
 * held up meanwhile. Never fails: answers with a sentence about what is used from now on.
 */
export const ensureVectorIndex = async (
  databaseUrl: string,
  embedding: { model: string; dimensions: number },
): Promise<string> => {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'imageonce' })
  // Its queries tell as much; an error without a listener ends the process.
  client.on('error', () => {})
  try {
    await client.connect()
    const extension = await ensureExtension(client)
    if (!extension) return `${SCAN} this Postgres has no pgvector.`
    const { version, has_hnsw } = extension
    if (!has_hnsw) return `${SCAN} pgvector is ${version}, and 0.5 or later is needed.`
    return await makeAlone(client, version, embedding)
  } catch (error) {
    return `${SCAN} pgvector can't be used: ${messageOf(error)}.`
  } finally {
    await client.end().catch(() => {})
  }
}

const SCAN = 'Similar prompts are found by comparing all, as'

const ensureExtension = async (client: pg.Client) => {
  const { rowCount } = await client.query(
    "select from pg_available_extensions where name = 'vector'",
  )
  if (rowCount === 0) return undefined
  await client.query('create extension if not exists vector')
  const { rows } = await client.query<{ version: string; has_hnsw: boolean }>(
    `select extversion as version, string_to_array(extversion, '.')::int[] >= array[0, 5] as has_hnsw
    from pg_extension where extname = 'vector'`,
  )
  return rows[0]
}

/** To wait for the lock would hold up its holder: an index is made once all older statements have ended. */
const makeAlone = async (
  client: pg.Client,
  version: string,
  embedding: { model: string; dimensions: number },
): Promise<string> => {
  const { rows } = await client.query('select pg_try_advisory_lock($1) as taken', [LOCK_KEY])
  if (!rows[0]?.taken) return `${SCAN} long as another process makes the index of their vectors.`
  try {
    await ensureFunction(client)
    await ensureIndex(client, embedding)
    return `Similar prompts are found by pgvector ${version}.`
  } finally {
    await client.query('select pg_advisory_unlock($1)', [LOCK_KEY])
  }
}

/** The numbers of a code. Its cost keeps the planner from calling it for every row. */
const ensureFunction = async (client: pg.Client) => {
  const { rows } = await client.query("select to_regprocedure('prompt_vector(bytea)') as made")
  if (rows[0]?.made) return
  await client.query(`
    create function prompt_vector(code bytea) returns vector language sql immutable strict parallel safe cost 10000
    return (select array_agg(get_byte(code, place) - 64 order by place) from generate_series(0, octet_length(code) - 1) place)::vector`)
}

const ensureIndex = async (
  client: pg.Client,
  { model, dimensions }: { model: string; dimensions: number },
) => {
  const wanted = nameVectorIndex(model)
  const { rows: indexes } = await client.query<{ name: string; is_valid: boolean }>(
    `select c.relname as name, i.indisvalid as is_valid
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = 'prompt_embeddings'::regclass and starts_with(c.relname, $1)`,
    [PREFIX],
  )
  // One that is not valid was left by a build that did not end.
  const useless = indexes.filter(({ name, is_valid }) => name !== wanted || !is_valid)
  for (const { name } of useless) await client.query(`drop index concurrently if exists ${name}`)
  if (indexes.length > useless.length) return
  await client.query(`
    create index concurrently ${wanted} on prompt_embeddings
    using hnsw ((prompt_vector(code)::vector(${dimensions})) vector_cosine_ops)
    where model = ${client.escapeLiteral(model)} and octet_length(code) = ${dimensions}`)
}
