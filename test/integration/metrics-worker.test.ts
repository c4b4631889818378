import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createTestDatabase } from '../support/database.ts'
import { findFreePort } from '../support/free-port.ts'
import { scrape } from '../support/metrics.ts'
import { type Program, startProgram } from '../support/program.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const METRICS_TOKEN = 'a-token-for-metrics'

describe('a worker with METRICS_PORT', () => {
  let folder: TemporaryFolder
  let database: Awaited<ReturnType<typeof createTestDatabase>>
  let worker: Program
  let url: string
  let env: Record<string, string>
  beforeAll(async () => {
    folder = await makeTemporaryFolder('metrics')
    database = await createTestDatabase()
    const port = await findFreePort()
    url = `http://127.0.0.1:${port}`
    env = {
      DATA_DIR: folder.path,
      DATABASE_URL: database.url,
      METRICS_PORT: String(port),
      METRICS_TOKEN,
      SHUTDOWN_GRACE_MS: '3000',
    }
    worker = await startProgram(['worker'], env)
    await worker.waitForOutput('"working"')
  })
  afterAll(async () => {
    worker.signal('SIGKILL')
    await worker.ended()
    await database.drop()
    await folder.remove()
  })

  test('answers with its figures to whoever has the token, and says that it lives', async () => {
    const samples = await scrape(url, { authorization: `Bearer ${METRICS_TOKEN}` })
    const names = [...samples.keys()]
    expect(names.filter((name) => /^imageonce_info\{role="worker"/.test(name))).toHaveLength(1)
    expect(samples.get('imageonce_generations{lane="interactive",status="queued"}')).toBe(0)
    const statuses = ['/metrics', '/livez', '/api/info', '/'].map(async (path) => {
      const response = await fetch(`${url}${path}`)
      await response.text()
      return response.status
    })
    expect(await Promise.all(statuses)).toEqual([401, 200, 404, 404])
  })

  test('names the setting when the port is taken, and stops cleanly with a scraper connected', async () => {
    const second = await startProgram(['worker'], env)
    const { code, err } = await second.ended()
    expect(code).toBe(1)
    expect(err).toMatch(/^Port \d+ is taken: set METRICS_PORT to a free one\.\n$/)
    worker.signal('SIGTERM')
    expect(await worker.ended()).toMatchObject({ code: 0 })
  })
})
