import { createFalClient } from '@fal-ai/client'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { useProcesses } from '../support/processes.ts'
import {
  answer,
  neverAnswer,
  startWebhookReceiver,
  type WebhookReceiver,
} from '../support/webhook-receiver.ts'
import { register, waitForDelivery } from '../support/webhooks.ts'

const ENV = { WEBHOOK_ALLOW_PRIVATE: 'true', SWEEP_INTERVAL_MS: '100' }

let receiver: WebhookReceiver
beforeAll(async () => {
  receiver = await startWebhookReceiver()
})
afterAll(() => receiver.close())

const startDelivery = async (client: Client, path: string) => {
  receiver.behave(path, neverAnswer, answer(204))
  const { id } = await register(client, { url: receiver.url + path })
  await client.call('POST', `/api/webhooks/${id}/test`)
  await receiver.waitForCount(path, 1)
  return id
}

/** The second attempt is the only one that the log has: the first has no end. */
const expectRepeated = async (client: Client, id: string, path: string) => {
  const [first, second] = await receiver.waitForCount(path, 2)
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  const { attempts } = await waitForDelivery(client, id, 'delivered')
  expect(attempts).toMatchObject([{ statusCode: 204 }])
}

describe('a worker that is killed', () => {
  const { run, url, execute, gemini } = useProcesses('postgres')

  test('in the middle of a delivery has it repeated by another, under the same id', async () => {
    const env = { ...ENV, WEBHOOK_TIMEOUT_MS: '1000', LEASE_MS: '1000' }
    const [, worker] = await Promise.all([run('api', env), run('worker', env)])
    const token = async () => (await execute('token')).out.trim()
    const client = await createClient({ url: url(), token })
    const id = await startDelivery(client, '/killed')
    worker.signal('SIGKILL')
    await worker.ended()
    await run('worker', env)
    await expectRepeated(client, id, '/killed')
  })

  test('while it makes a picture for fal’s client, and while it tells of it, has both done by another', async () => {
    const env = { ...ENV, WEBHOOK_TIMEOUT_MS: '1000', LEASE_MS: '1000' }
    const [, first] = await Promise.all([run('api', env), run('worker', env)])
    const fal = createFalClient({
      credentials: (await execute('token')).out.trim(),
      proxyUrl: { url: `${url()}/fal/proxy`, when: 'always' },
    })
    receiver.behave('/fal', neverAnswer, answer(204))
    gemini().behave({ kind: 'hang' })
    const { request_id: requestId } = await fal.queue.submit('fal-ai/x', {
      input: { prompt: 'made by the third' } as never,
      webhookUrl: `${receiver.url}/fal`,
    })
    await gemini().waitForCall(({ prompt }) => prompt.includes('made by the third'))
    first.signal('SIGKILL')
    await first.ended()
    gemini().behave({ kind: 'image' })
    const second = await run('worker', env)
    await receiver.waitForCount('/fal', 1, 60_000)
    second.signal('SIGKILL')
    await second.ended()
    await run('worker', env)
    const [one, other] = await receiver.waitForCount('/fal', 2, 60_000)
    expect(other?.text).toBe(one?.text)
    expect(JSON.parse(other?.text ?? '')).toMatchObject({ request_id: requestId, status: 'OK' })
    expect(await fal.queue.result('fal-ai/x', { requestId })).toMatchObject({ requestId })
  })
})

test('a worker that stops gives back what it was delivering, for another to have at once', async () => {
  const env = { ...ENV, WEBHOOK_TIMEOUT_MS: '60000', SHUTDOWN_GRACE_MS: '200' }
  const app = await startTestApp({ env })
  try {
    const client = await createClient(app)
    const id = await startDelivery(client, '/stopped')
    await app.stopWorkers()
    await app.startWorker()
    await expectRepeated(client, id, '/stopped')
  } finally {
    await app.stop()
  }
})
