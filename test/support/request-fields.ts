type Schema = {
  $ref?: string
  type?: string | string[]
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
}
type Operation = {
  operationId: string
  /** Of one that another API describes, and refuses in that one's words. */
  externalDocs?: object
  requestBody?: { content: Record<string, { schema: Schema }> }
}
type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** Where a string may stand in a body, as a path of names; a number is a place in a list. */
export type FieldPath = (string | number)[]

export type JsonRoute = { method: string; path: string; operationId: string; fields: FieldPath[] }

/** Every operation of the document that is ours and takes a JSON body, with all the places in it where a string may stand. */
export const listJsonRoutes = ({ paths, components }: Document): JsonRoute[] => {
  const listFields = (schema: Schema): FieldPath[] => {
    const { $ref, anyOf = [], properties = {}, items } = schema
    if ($ref) return listFields(components.schemas[$ref.split('/').at(-1) ?? ''] ?? {})
    const within = (name: string | number, inner: Schema) =>
      listFields(inner).map((path) => [name, ...path])
    return [
      ...([schema.type].flat().includes('string') ? [[]] : []),
      ...anyOf.flatMap(listFields),
      ...Object.entries(properties).flatMap(([name, inner]) => within(name, inner)),
      ...(items ? within(0, items) : []),
    ]
  }
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { operationId, requestBody, externalDocs }]) => {
      const schema = requestBody?.content['application/json']?.schema
      return schema && !externalDocs
        ? [{ method, path, operationId, fields: listFields(schema) }]
        : []
    }),
  )
}

/** A body that has nothing but a value at that place. */
export const bodyWith = (path: FieldPath, value: unknown): unknown =>
  path.reduceRight<unknown>(
    (inner, name) => (typeof name === 'number' ? [inner] : { [name]: inner }),
    value,
  )

export const toPointer = (path: FieldPath): string => path.map((name) => `/${name}`).join('')
