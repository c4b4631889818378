import type { Choose } from './choose.ts'
import type { Schema } from './document.ts'
import { hostileText, WORDS } from './hostile-values.ts'

const MAX_DEPTH = 8

/** A value that more or less suits a schema, so that what is wrong with it is met late. */
export const sampleOf = (
  choose: Choose,
  components: Record<string, Schema>,
  schema: Schema,
  depth = 0,
): unknown => {
  const inner = (next: Schema) => sampleOf(choose, components, next, depth + 1)
  if (schema.$ref) return inner(components[schema.$ref.split('/').at(-1) ?? ''] ?? {})
  if (schema.const !== undefined) return schema.const
  if (schema.enum?.length) return choose.from(schema.enum)
  const either = schema.anyOf ?? schema.oneOf
  if (either?.length) return inner(choose.from(either))
  const type = [schema.type].flat()[0]
  if (depth > MAX_DEPTH) return null
  if (schema.properties || type === 'object') {
    const { properties = {}, required = [] } = schema
    const names = Object.keys(properties).filter(
      (name) => required.includes(name) || choose.happens(0.4),
    )
    return Object.fromEntries(names.map((name) => [name, inner(properties[name] ?? {})]))
  }
  if (type === 'array') return [inner(schema.items ?? {})]
  if (type === 'integer' || type === 'number') return choose.below(50)
  if (type === 'boolean') return choose.happens(0.5)
  if (schema.format === 'date-time') return '2026-11-22T09:00:00.000Z'
  if (schema.format === 'uri') return 'https://app.example/told'
  return choose.happens(0.1) ? hostileText(choose) : `${choose.from(WORDS)} ${choose.below(1_000)}`
}
