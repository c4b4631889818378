import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'

const SITE = 'https://app.example'

let app: TestApp

/** What the client sends, and what monitoring adds by itself (OpenTelemetry, Sentry). */
const ASKED =
  'authorization,content-type,idempotency-key,traceparent,sentry-trace,baggage,x-request-id'

const preflight = (origin: string, path = '/api/visualize/generate') =>
  fetch(`${app.url}${path}`, {
    method: 'OPTIONS',
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': ASKED,
    },
  })

describe('with a site that may call', () => {
  beforeAll(async () => {
    app = await startTestApp({ workers: 0, env: { CORS_ORIGINS: `${SITE}, https://b.example` } })
  })
  afterAll(() => app.stop())

  test('its preflight is answered without a token', async () => {
    const { status, headers } = await preflight(SITE)
    expect(status).toBe(204)
    expect(headers.get('Access-Control-Allow-Origin')).toBe(SITE)
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(headers.get('Access-Control-Allow-Methods')).toContain(method)
    }
    expect(headers.get('Access-Control-Allow-Headers')).toBe(ASKED)
    expect(headers.get('Vary')).toBe('Origin, Access-Control-Request-Headers')
    expect(headers.get('Access-Control-Allow-Credentials')).toBeNull()
  })

  test('its calls may read answers and refusals alike', async () => {
    const authorization = `Bearer ${await app.token()}`
    for (const headers of [{ Origin: SITE, authorization }, { Origin: SITE }]) {
      const response = await fetch(`${app.url}/api/info`, { headers })
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe(SITE)
      const exposed = response.headers.get('Access-Control-Expose-Headers')
      for (const name of ['Location', 'Retry-After', 'ETag', 'Link', 'X-Request-Id']) {
        expect(exposed).toContain(name)
      }
    }
  })

  test('another site is told nothing', async () => {
    const { status, headers } = await preflight('https://evil.example')
    expect(status).toBe(401)
    expect(headers.get('Access-Control-Allow-Origin')).toBeNull()
    expect(headers.get('Vary')).toContain('Origin')
  })
})
