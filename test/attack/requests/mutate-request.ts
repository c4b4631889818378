import type { OutgoingHttpHeaders } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { Asked } from '../ask.ts'
import type { Choose } from './choose.ts'
import type { Document, Operation } from './document.ts'
import { hostileText } from './hostile-values.ts'
import { mutateText, mutateValue } from './mutate-json.ts'
import { ODD_HEADERS, ODD_TYPES } from './odd-headers.ts'
import { sampleOf } from './sample.ts'

export type Material = {
  document: Document
  /** Ids of things that are there, by the name of the path's parameter. */
  ids: Record<string, readonly string[]>
  /** Of several owners and operators, and of nobody. */
  credentials: readonly Record<string, string>[]
  picture: Buffer
}

/** A request of this operation with something wrong in one place or several. */
export const makeRequest = (choose: Choose, material: Material, operation: Operation): Asked => {
  const { document, credentials, picture } = material
  const isWrong = {
    path: choose.happens(0.15),
    query: choose.happens(0.4),
    header: choose.happens(0.3),
    body: choose.happens(0.8),
    type: choose.happens(0.08),
    encoding: choose.happens(0.04),
  }
  const headers: OutgoingHttpHeaders = { ...choose.from(credentials) }
  const [type = 'application/json'] = operation.types
  let body = makeBody(choose, document, operation, isWrong.body, picture)
  if (body !== undefined) {
    headers['content-type'] = isWrong.type ? choose.from(ODD_TYPES) : type
    if (isWrong.encoding) {
      headers['content-encoding'] = choose.from(['gzip', 'deflate', 'br', 'x', 'gzip, gzip'])
      if (choose.happens(0.3)) body = gzipSync(Buffer.alloc(200_000, 32))
    }
  }
  if (isWrong.header) {
    const named = operation.headers.filter(() => choose.happens(0.5))
    for (const name of named) headers[name.toLowerCase()] = toHeader(hostileText(choose))
    Object.assign(headers, choose.from(ODD_HEADERS))
  }
  const path = makePath(choose, material, operation, isWrong.path)
  const query = isWrong.query ? makeQuery(choose, operation) : ''
  return {
    method: operation.method,
    path: `${path}${query}`,
    headers,
    ...(body !== undefined && { body }),
  }
}

const makeBody = (
  choose: Choose,
  { components }: Document,
  { types, schema }: Operation,
  isWrong: boolean,
  picture: Buffer,
): Buffer | undefined => {
  if (types.length === 0) return choose.happens(0.05) ? Buffer.from('{}') : undefined
  if (!schema) {
    const at = choose.below(picture.length)
    return isWrong
      ? Buffer.concat([picture.subarray(0, at), Buffer.from(hostileText(choose).slice(0, 99))])
      : picture
  }
  const value = sampleOf(choose, components, schema)
  const text = JSON.stringify(isWrong ? mutateValue(choose, value) : value) ?? ''
  return isWrong && choose.happens(0.3) ? mutateText(choose, text) : Buffer.from(text)
}

const makePath = (
  choose: Choose,
  { ids }: Material,
  { path }: Operation,
  isWrong: boolean,
): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (!isWrong) return choose.from(ids[name] ?? ids.id ?? ['x'])
    const raw = choose.from(['%2e%2e%2f', '%ff', '%', '%00', '%E0%A4', ';x=1', '..', '//', '%2f'])
    return choose.happens(0.5) ? raw : encode(hostileText(choose)).slice(0, 4_000)
  })

const ANY_PARAMETER = [
  'w',
  'v',
  'wait',
  'format',
  'limit',
  'cursor',
  'owner',
  '__proto__',
  '',
  'x[a]',
]

const makeQuery = (choose: Choose, { query }: Operation): string => {
  const names = [...query, choose.from(ANY_PARAMETER)]
  const pairs = Array.from({ length: 1 + choose.below(4) }, () => {
    const value = choose.happens(0.1) ? '%ff%' : encode(hostileText(choose)).slice(0, 2_000)
    return `${encode(choose.from(names))}=${value}`
  })
  // The same parameter twice.
  if (choose.happens(0.2)) pairs.push(pairs[0] ?? '')
  return `?${pairs.join('&')}`
}

const encode = (text: string): string => encodeURIComponent(text.toWellFormed())

/** What Node's client lets through. */
const toHeader = (text: string): string =>
  text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 2_000)
