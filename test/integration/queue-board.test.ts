import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Problem } from '../../src/contract/problem.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'

const JOBS = '/admin/queues/api/queues?status=prioritized&page=1&jobsPerPage=10'

type Board = { queues: { name: string; counts: Record<string, number>; jobs: { id: string }[] }[] }

describeEachBackend('the queue board', (backend) => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ backend, workers: 0 })
  })
  afterAll(() => app.stop())

  const get = async (path: string, headers: Record<string, string>) => {
    const response = await fetch(`${app.url}${path}`, { headers, redirect: 'manual' })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const as = async (owner: string, admin: boolean) => ({
    Authorization: `Bearer ${await app.token(owner, admin)}`,
  })

  test('shows an operator the jobs that wait', async () => {
    const alice = await createClient(app)
    const { body } = await alice.generate({ prompt: 'waiting' })
    const { status, text } = await get(
      `${JOBS}&activeQueue=${app.config.queue.name}`,
      await as('ops', true),
    )
    expect(status).toBe(200)
    const { queues } = JSON.parse(text) as Board
    expect(queues.map(({ name }) => name)).toEqual([
      app.config.queue.name,
      `${app.config.queue.name}-upkeep`,
    ])
    expect(queues[0]?.counts).toMatchObject({ prioritized: 1 })
    expect(queues[0]?.jobs).toMatchObject([{ id: body.id }])
  })

  test('its page loads nothing from elsewhere', async () => {
    const { status, text, headers } = await get('/admin/queues', await as('ops', true))
    expect(status).toBe(200)
    expect(text).toContain('imageonce queues')
    expect(text).not.toMatch(/(?:href|src)="(?:https?:)?\/\//)
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
  })

  test('is for operators alone', async () => {
    const owner = await get(JOBS, await as('alice', false))
    const stranger = await get(JOBS, {})
    const codes = [owner, stranger].map(({ text }) => (JSON.parse(text) as Problem).code)
    expect(codes).toEqual(['forbidden', 'unauthenticated'])
    const browser = await get('/admin/queues', { Accept: 'text/html' })
    expect([browser.status, browser.headers.get('location')]).toEqual([302, '/'])
  })
})
