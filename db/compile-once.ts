import { type CompiledQuery, type RawBuilder, sql } from 'kysely'
import { type Database, prepareStatement } from './database.ts'

/** Stands for the parameter while the query is compiled; no value of ours contains a NUL. */
const PARAMETER = '\u0000parameter'

/**
 * A query of one parameter that is built and compiled on its first use only, and planned once a connection: for the
 * ones that every request runs, building and planning cost more than running. It must name its columns.
 */
export const compileOnce = <Row, Value extends string | string[]>(
  build: (db: Database, parameter: RawBuilder<Value>) => CompiledQuery<Row>,
) => {
  let compiled: CompiledQuery<Row> | undefined
  return async (db: Database, value: Value): Promise<Row[]> => {
    if (!compiled) {
      compiled = build(db, sql<Value>`${PARAMETER}`)
      prepareStatement(compiled.sql)
    }
    const parameters = compiled.parameters.map((each) => (each === PARAMETER ? value : each))
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters })
    return rows
  }
}
