import type { Choose } from './choose.ts'
import { hostileText, hostileValue } from './hostile-values.ts'

type Container = Record<string, unknown> | unknown[]

/** The same value with something wrong in it: a field of another type, one too many, one too few. */
export const mutateValue = (choose: Choose, value: unknown): unknown => {
  const copy = structuredClone(value)
  const containers = listContainers(copy)
  if (containers.length === 0 || choose.happens(0.05)) return hostileValue(choose)
  const container = choose.from(containers) as Record<string, unknown>
  const names = Object.keys(container)
  const name = names.length > 0 ? choose.from(names) : 'x'
  switch (choose.below(6)) {
    case 0:
      delete container[name]
      break
    case 1:
      // An own field of any name, as JSON.parse makes it.
      Object.defineProperty(container, choose.happens(0.3) ? '__proto__' : hostileText(choose), {
        value: hostileValue(choose),
        enumerable: true,
        configurable: true,
      })
      break
    default:
      container[name] = hostileValue(choose)
  }
  return copy
}

const listContainers = (value: unknown): Container[] =>
  typeof value === 'object' && value !== null
    ? [value as Container, ...Object.values(value).flatMap(listContainers)]
    : []

/** JSON text that no `JSON.stringify` makes. */
export const mutateText = (choose: Choose, text: string): Buffer => {
  const at = choose.below(text.length + 1)
  const insert = (what: string | Buffer) =>
    Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from(what), Buffer.from(text.slice(at))])
  switch (choose.below(12)) {
    case 0:
      return Buffer.from(text.slice(0, at))
    case 1:
      return insert(Buffer.from([0xff, 0xfe]))
    case 2:
      return insert('\u0000')
    case 3:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)])
    case 4:
      return Buffer.from(text.replace(/"([^"]*)":/, '"$1":1,"$1":'))
    case 5:
      return Buffer.from(text.replace(/\d+|"[^"]*"(?=[,}])/, '1e999'))
    case 6:
      return Buffer.from(text.replace(/:/, ':'.repeat(1 + choose.below(3))))
    case 7:
      return Buffer.from('['.repeat(choose.from([50, 101, 20_000])))
    case 8:
      return Buffer.from(text, 'utf16le')
    case 9:
      return Buffer.from(`${text}${text}`)
    case 10:
      return insert(choose.from(['\\ud800', '\\u0000', '//', '/**/', 'NaN', "'", ',', '\u2028']))
    default:
      return Buffer.from(choose.from(['', 'null', 'true', '0', '""', '"x"', '[]', ' ', '{', '}']))
  }
}
