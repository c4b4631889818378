import type pg from 'pg'

/** A pool that is busy with others may look like separate sessions once, but not that often. */
const ROUNDS = 5

/**
 * True when each of two clients of one address has a connection to Postgres of its own, as long as it lives; false behind a pooler
 * that gives each transaction whichever is free. Throws `08P01` of a pooler that allows no transactions.
 */
export const keepsSessions = async (first: pg.Client, second: pg.Client): Promise<boolean> => {
  const [own, others] = [await findPid(first), await findPid(second)]
  for (let round = 0; round < ROUNDS; round++) {
    if ((await findPid(first)) !== own || (await findPid(second)) !== others || own === others) {
      return false
    }
  }
  return true
}

/** Within a transaction, which a pooler may refuse. */
const findPid = async (client: pg.Client): Promise<number | undefined> => {
  await client.query('begin')
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  await client.query('commit')
  return rows[0]?.pid
}
