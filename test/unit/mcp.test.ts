import { expect, test } from '@jest/globals'
import type { ServerNotification } from '@modelcontextprotocol/sdk/types.js'
import { ask } from '../../src/cli/mcp/ask.ts'
import { loadPreview } from '../../src/cli/mcp/preview.ts'
import { startProgress } from '../../src/cli/mcp/progress.ts'
import { readImage } from '../../src/cli/mcp/read-image.ts'
import type { GenerationRequestInput } from '../../src/contract/generation-request.ts'
import { startHttpServer } from '../support/http-server.ts'
import { waitFor } from '../support/wait-for.ts'

const listen = (progressToken?: string) => {
  const heard: ServerNotification['params'][] = []
  const progress = startProgress(
    {
      ...(progressToken && { _meta: { progressToken } }),
      sendNotification: async ({ params }) => {
        heard.push(params)
      },
    },
    1,
  )
  return { heard, progress }
}

test('a host hears again and again that a picture is waited for, until it is not', async () => {
  const { heard, progress } = listen('a-token')
  progress.onState({ status: 'queued', queuePosition: 3 } as never)
  await waitFor(() => heard.length > 3, { what: 'heartbeats' })
  progress.stop()
  const steps = heard.map((params) => (params as { progress: number }).progress)
  expect(steps).toEqual(steps.map((_, index) => index + 1))
  expect(heard.at(-1)).toMatchObject({ progressToken: 'a-token', message: 'queued, at place 3' })
})

test('a host that asked for no progress hears of none', async () => {
  const { heard, progress } = listen()
  progress.onState({ status: 'running' } as never)
  progress.stop()
  expect(heard).toEqual([])
})

test.each([[false], [true]])('pays for another picture only when told to: %s', async (another) => {
  const asked: GenerationRequestInput[] = []
  const generate = async (request: GenerationRequestInput) => {
    asked.push(request)
    return { status: 'queued', isExisting: false }
  }
  const context = { signal: new AbortController().signal, sendNotification: async () => {} }
  const call = { prompt: 'a lake', another, waitSeconds: 0 }
  await ask({ client: { generate }, url: '' } as never, call, context as never)
  expect(asked).toEqual([{ prompt: 'a lake', skipExistingCheck: another }])
})

test('a file that is no picture is not read for a request', async () => {
  await expect(readImage('package.json')).rejects.toThrow('is no png, jpeg or webp')
})

test('a preview is asked for where the server is, whatever its image URLs begin with', async () => {
  const asked: (string | undefined)[] = []
  const server = await startHttpServer((request, response) => {
    asked.push(request.url)
    const isPlaceholder = request.url?.includes('gone')
    if (isPlaceholder) response.setHeader('Imageonce-Placeholder', 'true')
    response.setHeader('Content-Type', 'image/webp').end('bytes')
  })
  const { signal } = new AbortController()
  const load = (name: string) =>
    loadPreview(server.url, `https://images.example/under/images/${name}?v=1`, signal)
  expect(await load('g_1.sign')).toEqual({
    type: 'image',
    mimeType: 'image/webp',
    data: Buffer.from('bytes').toString('base64'),
  })
  await expect(load('gone.sign')).rejects.toThrow('did not come')
  await server.close()
  expect(asked).toEqual(['/images/g_1.sign?v=1&w=640', '/images/gone.sign?v=1&w=640'])
})
