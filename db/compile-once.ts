import { type CompiledQuery, type RawBuilder, sql } from 'kysely'
import { type Database, prepareStatement } from './database.ts'

type Placeholders<Values extends readonly unknown[]> = {
  [Index in keyof Values]: RawBuilder<Values[Index]>
}

/**
 * A query that is built and compiled on its first use only, and planned once a connection: for the ones that every
 * request runs, building and planning cost more than running. `count` is the number of its values. It must name
 * its columns.
 */
export const compileOnce = <Row, Values extends readonly unknown[]>(
  count: Values['length'],
  build: (db: Database, ...values: Placeholders<Values>) => CompiledQuery<Row>,
) => {
  const markers = Array.from({ length: count }, (_, index) => `${MARKER}${index}`)
  let compiled: CompiledQuery<Row> | undefined
  return async (db: Database, ...values: Values): Promise<Row[]> => {
    if (!compiled) {
      const placeholders = markers.map((marker) => sql`${marker}`)
      compiled = build(db, ...(placeholders as Placeholders<Values>))
      prepareStatement(compiled.sql)
    }
    const parameters = compiled.parameters.map((each) => {
      const index = markers.indexOf(each as string)
      return index < 0 ? each : values[index]
    })
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters })
    return rows
  }
}

/** Stands for a value while the query is compiled; no value of ours contains a NUL. */
const MARKER = '\u0000value '
