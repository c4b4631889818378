import { z } from 'zod'
import type {
  ZodOpenApiResponseObject as Answer,
  ZodOpenApiResponsesObject as Answers,
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
} from 'zod-openapi'
import { problem } from './schemas.ts'

export type Operations = ZodOpenApiPathsObject

export type OperationOptions = {
  summary: string
  description?: string
  path?: z.ZodObject
  query?: z.ZodObject
  headers?: z.ZodObject
  body?: ZodOpenApiOperationObject['requestBody']
  answers: Answers
  /** The statuses of its own refusals; what every operation may answer comes by itself. */
  problems?: readonly ProblemStatus[]
  /** Who may call, when it is not everyone with a token. */
  security?: ZodOpenApiOperationObject['security']
}

export type ProblemStatus = 400 | 403 | 404 | 409 | 410 | 413 | 415 | 422 | 429 | 503

/** Nobody in particular. */
export const PUBLIC: ZodOpenApiOperationObject['security'] = []

/** Everyone with a token, or a session. */
export const BEARER = [{ bearer: [] }, { session: [] }]

/** An operation of the document, `id` being its name in clients that are generated from it. */
export const operation = (
  tag: string,
  id: string,
  { path, query, headers, body, answers, problems = [], security, ...rest }: OperationOptions,
): ZodOpenApiOperationObject => ({
  operationId: id,
  tags: [tag],
  ...rest,
  security: security ?? BEARER,
  requestParams: {
    ...(path && { path }),
    ...(query && { query }),
    ...(headers && { header: headers }),
  },
  ...(body && { requestBody: body }),
  responses: {
    ...answers,
    ...Object.fromEntries(
      [...problems, ...(security === PUBLIC ? [] : [401 as const])].map((status) => [
        String(status),
        problemAnswer(status),
      ]),
    ),
    default: problemAnswer(),
  } as Answers,
})

/** A JSON body. */
export const json = (schema: z.ZodType, example?: unknown, required = true) => ({
  required,
  content: { 'application/json': { schema, ...(example !== undefined && { example }) } },
})

/** An answer in JSON. */
export const answer = (description: string, schema: z.ZodType, example?: unknown): Answer => ({
  description,
  content: { 'application/json': { schema, ...(example !== undefined && { example }) } },
})

/** An answer without a body. */
export const empty = (description: string): Answer => ({ description })

/** An answer in another type than JSON. */
export const content = (description: string, ...types: string[]): Answer => ({
  description,
  content: Object.fromEntries(types.map((type) => [type, { schema: z.string() }])),
})

const whenByStatus: Record<ProblemStatus | 401, string> = {
  400: 'The request is wrong; `errors` says where.',
  401: 'No token, or one that is not accepted.',
  403: 'Not for this caller.',
  404: 'It does not exist, or belongs to somebody else.',
  409: 'Not in the state that it is in.',
  410: 'It is gone.',
  413: 'The body is too large.',
  415: 'The body is of another type than this takes.',
  422: 'Understood, and not acceptable.',
  429: 'Too much at once; see `Retry-After`.',
  503: 'Not at the moment; see `Retry-After`.',
}

const problemAnswer = (status?: ProblemStatus | 401): Answer => ({
  description: status ? whenByStatus[status] : 'Every other problem, in the same form.',
  content: { 'application/problem+json': { schema: problem } },
})
