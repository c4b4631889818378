export type Schema = {
  $ref?: string
  type?: string | string[]
  format?: string
  enum?: unknown[]
  const?: unknown
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}

export type Operation = {
  id: string
  method: string
  path: string
  query: string[]
  headers: string[]
  /** The types that its body may have; empty without one. */
  types: string[]
  schema: Schema | undefined
}

export type Document = { operations: Operation[]; components: Record<string, Schema> }

type Raw = {
  paths: Record<string, Record<string, RawOperation>>
  components: { schemas: Record<string, Schema> }
}
type RawOperation = {
  operationId: string
  parameters?: { in: string; name: string }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
}

/** What the server's own document says can be asked of it. */
export const readDocument = (document: unknown): Document => {
  const { paths, components } = document as Raw
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [], requestBody }]) => {
      const namesOf = (place: string) =>
        parameters.filter((each) => each.in === place).map(({ name }) => name)
      const content = requestBody?.content ?? {}
      return {
        id: operationId,
        method: method.toUpperCase(),
        path,
        query: namesOf('query'),
        headers: namesOf('header'),
        types: Object.keys(content),
        schema: content['application/json']?.schema,
      }
    }),
  )
  return { operations, components: components.schemas }
}
