import { describe, expect, jest, test } from '@jest/globals'
import pino from 'pino'
import { z } from 'zod'
import { DatabaseAway } from '../../db/away.ts'
import { createErrorHandler } from '../../src/adapters/http/problem.ts'
import { generationRequestSchema } from '../../src/contract/generation-request.ts'
import { AppError, type ErrorCode } from '../../src/lib/errors.ts'
import { createRequest, createResponse } from '../support/http-doubles.ts'

const handle = (error: unknown, locals: Record<string, unknown> = { requestId: 'r1' }) => {
  const lines: string[] = []
  const logger = pino({}, { write: (line: string) => void lines.push(line) })
  const { response, answer } = createResponse(locals)
  createErrorHandler(logger)(error, createRequest(), response, () => {
    throw new Error('not answered')
  })
  return { ...answer, body: JSON.parse(answer.body), lines }
}

const statuses: Record<ErrorCode, number> = {
  invalid_request: 400,
  malformed_json: 400,
  unauthenticated: 401,
  forbidden: 403,
  refused_by_policy: 403,
  upstream_key_required: 403,
  not_found: 404,
  already_finished: 409,
  in_flight: 409,
  not_retryable: 409,
  hook_replayed: 409,
  too_many_webhooks: 409,
  too_much_kept: 409,
  webhook_disabled: 409,
  nothing_to_judge: 409,
  erasure_under_way: 409,
  too_many_exports: 429,
  canceled: 409,
  superseded: 409,
  condition_image_gone: 409,
  image_deleted: 410,
  image_lost: 410,
  payload_too_large: 413,
  unsupported_media_type: 415,
  invalid_image: 422,
  idempotency_key_reused: 422,
  refused_prompt: 422,
  refused_image: 422,
  too_many_queued: 429,
  budget_exceeded: 429,
  spending_paused: 503,
  upstream_key_refused: 403,
  upstream_key_limited: 429,
  rate_limited: 429,
  internal: 500,
  no_image: 502,
  ambiguous: 502,
  unauthorized: 502,
  model_gone: 502,
  attempts_exhausted: 502,
  worker_lost: 502,
  provider_unavailable: 503,
  overloaded: 503,
  unavailable: 503,
  timeout: 504,
  deadline_exceeded: 504,
}

describe('a problem', () => {
  test.each(Object.entries(statuses) as [ErrorCode, number][])('%s is %i', (code, status) => {
    const answer = handle(new AppError(code, 'So it is.'))
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(answer.body).toEqual({
      type: `urn:imageonce:problem:${code}`,
      title: expect.stringMatching(/^[A-Z]/),
      status,
      detail: 'So it is.',
      code,
      retryable: false,
      requestId: 'r1',
    })
    expect(answer.headers['www-authenticate'] !== undefined).toBe(status === 401)
  })

  test('says when to come back, in whole seconds that are not too few', () => {
    const error = new AppError('unavailable', 'Later.', { retryable: true, retryAfterMs: 1_001 })
    expect(handle(error)).toMatchObject({
      headers: { 'retry-after': '2' },
      body: { retryable: true },
    })
    expect(handle(new AppError('unavailable', 'Later.')).headers['retry-after']).toBeUndefined()
  })

  test('points to what is wrong, in the body by name', () => {
    const error = new AppError('invalid_request', 'must be a model', { pointer: '/model' })
    expect(handle(error).body).toMatchObject({
      detail: 'model must be a model',
      errors: [{ pointer: '/model', detail: 'must be a model' }],
    })
  })

  test('carries the placeholder that a route has offered', () => {
    const placeholder = { imageUrl: 'data:image/png;base64,AA==', isPlaceholder: true }
    const { body } = handle(new DatabaseAway(), { requestId: 'r1', placeholder })
    expect(body).toMatchObject({ status: 503, ...placeholder })
  })
})

describe('what is no problem of ours yet becomes one', () => {
  const byParser = (type: string, status = 400) => Object.assign(new Error('x'), { type, status })
  const byPostgres = (code: string) => Object.assign(new Error('terminating'), { code })

  test.each<[string, unknown, number, ErrorCode]>([
    ['a body that is no JSON', byParser('entity.parse.failed'), 400, 'malformed_json'],
    ['a body that is too large', byParser('entity.too.large', 413), 413, 'payload_too_large'],
    ['an encoding', byParser('encoding.unsupported', 415), 415, 'unsupported_media_type'],
    ['a character set', byParser('charset.unsupported', 415), 415, 'unsupported_media_type'],
    ['another fault of the body', byParser('request.aborted'), 400, 'invalid_request'],
    ['an address', new URIError('URI malformed'), 400, 'invalid_request'],
    ['a Postgres that is away', new DatabaseAway(byPostgres('57P01')), 503, 'unavailable'],
    ['a statement that is wrong', byPostgres('42601'), 500, 'internal'],
    ['a bug', new TypeError('x is not a function'), 500, 'internal'],
    ['what is no error', 'broken', 500, 'internal'],
  ])('%s', (_name, error, status, code) => {
    expect(handle(error)).toMatchObject({ status, body: { code } })
  })

  test('and says nothing of the inside, which the log has', () => {
    const { body, lines } = handle(new TypeError('secretOfOurs is not a function'))
    expect(JSON.stringify(body)).not.toContain('secretOfOurs')
    expect(body).toMatchObject({ retryable: true })
    expect(lines.join()).toContain('secretOfOurs')
    expect(handle(new AppError('not_found', 'Nothing.')).lines).toEqual([])
  })
})

describe('a request with', () => {
  const pointersOf = (body: unknown): string[] => {
    try {
      generationRequestSchema.parse(body, { reportInput: true })
      return ['taken']
    } catch (error) {
      const answer = handle(error)
      expect(answer.status).toBe(400)
      for (const { detail } of answer.body.errors) expect(detail).not.toBe('')
      return answer.body.errors.map(({ pointer }: { pointer: string }) => pointer)
    }
  }

  test.each<[string, unknown, string[]]>([
    ['no prompt', {}, ['/prompt']],
    ['no body', undefined, ['']],
    ['an empty prompt', { prompt: '' }, ['/prompt']],
    ['a prompt of white space', { prompt: ' \n\t\u3000 ' }, ['/prompt']],
    ['a prompt that is too long', { prompt: 'a'.repeat(32_001) }, ['/prompt']],
    [
      'a prompt that grows too long when normalised',
      { prompt: '\ufb2c'.repeat(11_000) },
      ['/prompt'],
    ],
    ['a number for a prompt', { prompt: 7 }, ['/prompt']],
    ['null for a prompt', { prompt: null }, ['/prompt']],
    ['a list for a prompt', { prompt: ['a'] }, ['/prompt']],
    ['a NUL in the prompt', { prompt: 'a\u0000b' }, ['/prompt']],
    ['an unknown field', { prompt: 'a', promt: 'b' }, ['/promt']],
    ['an unknown field with a slash', { prompt: 'a', 'a/b~c': 1 }, ['/a~1b~0c']],
    ['an unknown transformation', { prompt: 'a', transformation: 'melt' }, ['/transformation']],
    ['a word for a switch', { prompt: 'a', skipExistingCheck: 'yes' }, ['/skipExistingCheck']],
    ['an unknown ratio', { prompt: 'a', aspectRatio: '7:3' }, ['/aspectRatio']],
    ['an unknown size', { prompt: 'a', imageSize: '8K' }, ['/imageSize']],
    ['an empty model', { prompt: 'a', model: '' }, ['/model']],
    ['an unknown lane', { prompt: 'a', lane: 'fast' }, ['/lane']],
    ['a variant that is too long', { prompt: 'a', variant: 'v'.repeat(101) }, ['/variant']],
    ['a NUL in the variant', { prompt: 'a', variant: 'v\u0000' }, ['/variant']],
    ['nothing to enhance', { prompt: 'a', transformation: 'enhance' }, ['/conditionImage']],
    ['an empty condition image', { prompt: 'a', conditionImage: '' }, ['/conditionImage']],
    ['three wrong fields', { prompt: 7, lane: 'x', colour: 1 }, ['/prompt', '/lane', '/colour']],
    ['a list as its body', [], ['']],
    ['a word as its body', 'a red bicycle', ['']],
    ['null as its body', null, ['']],
    ['nothing wrong', { prompt: 'a red bicycle' }, ['taken']],
  ])('%s is told where it is wrong', (_name, body, pointers) => {
    expect(pointersOf(body)).toEqual(pointers)
  })

  test('a prompt comes out as it was written, of 32,000 characters when it is normalised', () => {
    const written = `${'a   \n '.repeat(15_999)}bb  `
    expect(generationRequestSchema.parse({ prompt: written }).prompt).toBe(written)
    expect(pointersOf({ prompt: `${written} c` })).toEqual(['/prompt'])
  })

  test.each([
    ['too long', `a${'\u0315'.repeat(64_000)}${'\u0300'.repeat(64_000)}`],
    ['of marks without end', `a${'\u0315'.repeat(15_000)}${'\u0300'.repeat(15_000)}`],
    ['of marks with what nobody sees between them', 'a\u0315\u200b\u0300\u200b'.repeat(8_000)],
  ])('a prompt that is slow to normalise, as it is %s, is refused before it is', (_why, marks) => {
    const normalize = jest.spyOn(String.prototype, 'normalize')
    try {
      const one = marks.replaceAll(/(?<!^)a/g, '')
      expect(pointersOf({ prompt: one })).toEqual(['/prompt'])
      expect(normalize).not.toHaveBeenCalled()
      expect(pointersOf({ prompt: `a${'\u0300'.repeat(100)}` })).toEqual(['taken'])
      expect(normalize).toHaveBeenCalled()
    } finally {
      normalize.mockRestore()
    }
  })

  test('a hundred thousand unknown fields is refused in few words', () => {
    const fields = Array.from({ length: 100_000 }, (_, i) => [`field${i}`, 0])
    expect(pointersOf({ prompt: 'a', ...Object.fromEntries(fields) })).toHaveLength(20)
    expect(pointersOf({ prompt: 'a', [`${'x'.repeat(5_000)}`]: 1 })[0]).toHaveLength(200)
  })
})

test('an issue without a path is a problem of the whole', () => {
  const refusing = z.unknown().refine(() => false, 'is not wanted')
  const { error } = refusing.safeParse(1)
  expect(handle(error).body).toMatchObject({ errors: [{ pointer: '', detail: 'is not wanted' }] })
})
