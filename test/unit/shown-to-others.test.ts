import { describe, expect, test } from '@jest/globals'
import type { WebhookEndpointRow } from '../../db/schema.ts'
import { allowOrigins } from '../../src/adapters/http/cors.ts'
import { formatCsv } from '../../src/adapters/http/csv.ts'
import { presentEndpoint, presentWithSecret } from '../../src/features/webhooks/present.ts'
import { signWebhook } from '../../src/features/webhooks/secret.ts'
import { newHookSecret } from '../support/hooks.ts'
import { createRequest, createResponse } from '../support/http-doubles.ts'

const AT = new Date('2026-11-22T12:00:00Z')

describe('a webhook endpoint', () => {
  const endpoint: WebhookEndpointRow = {
    id: 'we_1',
    ownerId: 'alice',
    source: null,
    url: 'https://example.test/',
    events: ['generation.failed'],
    description: null,
    secret: newHookSecret(),
    previousSecret: newHookSecret(),
    previousSecretExpiresAt: AT,
    isEnabled: true,
    disabledReason: null,
    failingSince: null,
    createdAt: AT,
    updatedAt: AT,
  }

  test('is shown without its secrets, but for who has just had one made', () => {
    const shown = JSON.stringify(presentEndpoint(endpoint))
    expect(shown).not.toContain(endpoint.secret)
    expect(shown).not.toContain(endpoint.previousSecret)
    const made = JSON.stringify(presentWithSecret(endpoint))
    expect(made).toContain(endpoint.secret)
    expect(made).not.toContain(endpoint.previousSecret)
  })

  test.each([
    ['before the old secret ends', -1, 2],
    ['when it ends', 0, 1],
    ['after it has ended', 1, 1],
  ])('%s is told under so many secrets', (_name, ms, count) => {
    const at = new Date(AT.getTime() + ms)
    const signatures = signWebhook(endpoint, { id: 'msg_1', at, body: '{}' }).split(' ')
    expect(signatures).toHaveLength(count)
    const alone = { ...endpoint, previousSecret: null, previousSecretExpiresAt: null }
    expect(signatures[0]).toBe(signWebhook(alone, { id: 'msg_1', at, body: '{}' }))
  })
})

describe('a table for spreadsheets', () => {
  test.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\nb', '"a\nb"'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@sum(a)', "'@sum(a)"],
    ['\t=1', "'\t=1"],
    ['  =1', "'  =1"],
    ['\u00a0@a', "'\u00a0@a"],
    ['＝1+1', "'＝1+1"],
    ['＋1', "'＋1"],
    ['－1', "'－1"],
    ['＠a', "'＠a"],
    [';=1', "';=1"],
    ['=a,"b"', `"'=a,""b"""`],
    [-1, '-1'],
    [null, ''],
  ])('has no formula: %j is %j', (cell, text) => {
    expect(formatCsv([[cell, 1]])).toBe(`${text},1\r\n`)
  })
})

describe('a page of another origin', () => {
  const ask = (origins: string[], origin: string | undefined, headers = {}) => {
    const { response, answer } = createResponse()
    const method = 'access-control-request-method' in headers ? 'OPTIONS' : 'GET'
    const req = createRequest({ headers: { origin, ...headers }, method, path: '/api/info' })
    let isPassedOn = false
    allowOrigins(origins, ['/api'])(req, response, () => {
      isPassedOn = true
    })
    return { isPassedOn, allowed: answer.headers['access-control-allow-origin'], ...answer }
  }
  const app = 'https://app.example'

  test.each<[string[], string | undefined, string | undefined]>([
    [[], app, undefined],
    [[app], app, app],
    [[app], 'https://evil.example', undefined],
    [[app], `${app}.evil.example`, undefined],
    [[app], 'null', undefined],
    [[app], undefined, undefined],
    [['*'], 'https://any.example', '*'],
  ])('where %j may call, from %s: %s', (origins, origin, allowed) => {
    const answer = ask(origins, origin)
    expect(answer).toMatchObject({ isPassedOn: true, allowed })
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
    const preflight = ask(origins, origin, { 'access-control-request-method': 'POST' })
    expect(preflight.isPassedOn).toBe(allowed === undefined)
    expect(preflight.allowed).toBe(allowed)
  })
})
