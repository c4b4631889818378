import type { ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { MountedRoutes } from '../../src/adapters/http/mounted-routes.ts'
import type { Answer } from './client.ts'

type Content = Record<string, unknown>
type Operation = { operationId: string; responses: Record<string, { content?: Content }> }
type Document = { paths: Record<string, Record<string, Operation>> }

const DOCUMENT = 'openapi'
/** Of browsers, before they ask for what is documented. */
const PREFLIGHT = 'options'
const METHODS = ['get', 'post', 'patch', 'put', 'delete']

/** Checks answers against what the document says of their operation. */
export const createContractCheck = (document: Document) => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, DOCUMENT)
  const operations = listOperations(document)

  const compiled = new Map<string, ValidateFunction>()
  const compile = (...path: string[]): ValidateFunction => {
    const $ref = `${DOCUMENT}#/${path.map(toPointer).join('/')}`
    const known = compiled.get($ref) ?? ajv.compile({ $ref })
    compiled.set($ref, known)
    return known
  }

  /** What is wrong with the answer; empty when nothing is. */
  const check = (operationId: string, { status, headers, body }: Answer<unknown>): string[] => {
    const found = operations.find(({ operation }) => operation.operationId === operationId)
    if (!found) return [`there is no operation ${operationId}`]
    const { path, method, operation } = found
    const key = String(status) in operation.responses ? String(status) : 'default'
    const type = headers.get('content-type')?.split(';')[0] ?? ''
    const { content } = operation.responses[key] ?? {}
    if (!content) return body === '' ? [] : [`${status}: has a body, and should have none`]
    if (!(type in content))
      return [`${status}: is ${type || 'nothing'}, not ${Object.keys(content)}`]
    if (!type.endsWith('json')) return []
    const at = ['paths', path, method, 'responses', key, 'content', type, 'schema']
    const validate = compile(...at)
    if (validate(body)) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${status}: ${instancePath} ${message} ${JSON.stringify(params)}`,
    )
  }

  /** What is wrong with something that was sent to a webhook endpoint. */
  const checkEvent = (event: { type: string }): string[] => {
    const at = ['webhooks', event.type, 'post', 'requestBody', 'content', 'application/json']
    const validate = compile(...at, 'schema')
    return validate(event) ? [] : [ajv.errorsText(validate.errors)]
  }

  return { check, checkEvent, operations }
}

const listOperations = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => ({ path, method, operation })),
  )

/** A JSON pointer's part within a URI (RFC 6901). */
const toPointer = (part: string): string =>
  encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))

type Layer = { route?: { path: string | string[]; methods: Record<string, boolean> } }

/** Every route that is mounted, as `get /api/images/{id}`. */
export const listRoutes = (mounted: readonly MountedRoutes[]): string[] =>
  mounted.flatMap(({ path: base, handler }) =>
    (handler as unknown as { stack: Layer[] }).stack.flatMap(({ route }) =>
      [route?.path ?? []].flat().flatMap((path) =>
        Object.keys(route?.methods ?? {})
          .filter((method) => method !== PREFLIGHT)
          .map((method) => toName(method, `${base}${path}`)),
      ),
    ),
  )

const toName = (method: string, path: string): string =>
  `${method} ${path
    .replace(/\/+/g, '/')
    .replace(/(?<=.)\/$/, '')
    .replace(/:(\w+)/g, '{$1}')}`
