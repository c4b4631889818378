import pg from 'pg'

export type SeenStatement = { text: string; values: readonly unknown[] }

/** The same text with other values may be planned otherwise. */
const MAX_VALUES = 4

/**
 * Keeps every statement that this process sends to our own tables, until `stop`: API and worker of a test run in it. Made before they
 * are.
 */
export const seeStatements = () => {
  const seen = new Map<string, readonly unknown[][]>()
  const { query } = pg.Client.prototype
  const see = (text: unknown, values: unknown) => {
    if (typeof text !== 'string' || !/^\s*(with|select|insert|update|delete)\b/i.test(text)) return
    const known = seen.get(text) ?? []
    const given = Array.isArray(values) ? values : []
    if (known.length < MAX_VALUES) seen.set(text, [...known, given])
  }
  const querySeen = function (this: pg.Client, ...args: unknown[]) {
    const [first, second] = args
    if (isOurs(this)) {
      if (typeof first === 'object' && first !== null && 'text' in first) {
        see(first.text, (first as pg.QueryConfig).values)
      } else see(first, second)
    }
    return Reflect.apply(query, this, args)
  }
  pg.Client.prototype.query = querySeen as typeof query
  return {
    list: (): SeenStatement[] =>
      [...seen].flatMap(([text, all]) => all.map((values) => ({ text, values }))),
    stop: () => {
      pg.Client.prototype.query = query
    },
  }
}

/** As `db/database.ts` names its connections; BullMQ's statements are BullMQ's. */
const isOurs = (client: pg.Client): boolean =>
  (client as unknown as { connectionParameters: { application_name?: string } })
    .connectionParameters.application_name === 'imageonce'
