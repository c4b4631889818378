import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import sharp from 'sharp'
import { describeEachBackend } from '../support/each-backend.ts'
import { useProcesses } from '../support/processes.ts'

describeEachBackend('api and worker as processes of their own', (backend) => {
  const { gemini, folder, run, execute } = useProcesses(backend)
  const generate = (...args: string[]) => execute('generate', ...args)

  test('the command line shows each state, ends with the URL and saves the picture', async () => {
    await Promise.all([run('api'), run('worker')])
    const photo = join(folder(), 'photo.png')
    const background = { r: 200, g: 30, b: 30 }
    await sharp({ create: { width: 40, height: 30, channels: 3, background } })
      .png()
      .toFile(photo)
    const out = join(folder(), 'bike.webp')
    const done = await generate(
      'a red bicycle',
      '--condition',
      photo,
      '--aspect',
      '16:9',
      '--out',
      out,
    )
    expect(done).toMatchObject({ code: 0 })
    expect(done.err).toMatch(/queued[\s\S]*succeeded/)
    expect(done.out.trim()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/images\/g_\w+\.[\w-]+\?v=\w+$/)
    expect((await sharp(await readFile(out)).metadata()).format).toBe('webp')
    expect(gemini().countCalls()).toBe(1)
  })

  test('the command line exits 1 with the reason when there is no image', async () => {
    await Promise.all([run('api'), run('worker')])
    gemini().behave({ kind: 'prompt_blocked', reason: 'PROHIBITED_CONTENT' })
    const refused = await generate('something refused')
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('refused_prompt')
    expect(refused.err).not.toContain('    at ')
    const wrong = await generate('x', '--model', 'no-such-model')
    expect(wrong).toMatchObject({ code: 1 })
    expect(wrong.err).toContain('must be one of')
  })

  test('SIGTERM lets a running call finish, and both exit 0', async () => {
    const shipped = { SHUTDOWN_GRACE_MS: '' }
    const [api, worker] = await Promise.all([run('api'), run('worker', shipped)])
    gemini().behave({ kind: 'delay', ms: 1_000 })
    const generating = generate('a slow sunrise')
    await gemini().waitForCall()
    worker.signal('SIGTERM')
    expect(await worker.ended()).toMatchObject({ code: 0 })
    expect(await generating).toMatchObject({ code: 0 })
    api.signal('SIGTERM')
    expect(await api.ended()).toMatchObject({ code: 0 })
    expect(gemini().countCalls()).toBe(1)
  })

  test('a killed worker leaves its generation to another one', async () => {
    const lease = { LEASE_MS: '1000' }
    const [, worker] = await Promise.all([run('api'), run('worker', lease)])
    gemini().behave({ kind: 'sequence', steps: [{ kind: 'hang' }, { kind: 'image' }] })
    const generating = generate('a phoenix')
    await gemini().waitForCall()
    worker.signal('SIGKILL')
    await worker.ended()
    await run('worker', lease)
    expect(await generating).toMatchObject({ code: 0 })
    expect(gemini().countCalls()).toBe(2)
  })

  test('logs carry request and generation ids, and neither prompts nor tokens', async () => {
    const [api, worker] = await Promise.all([run('api'), run('worker')])
    const { out } = await generate('a very private prompt')
    const id = /g_\w{40}/.exec(out)?.[0] ?? 'none'
    const logs = api.output() + worker.output()
    expect(logs).toContain(id)
    expect(logs).toContain('requestId')
    expect(logs).not.toContain('private')
    expect(logs).not.toMatch(/eyJ|Bearer|test-key/)
    expect(logs).not.toContain(/\.([\w-]+)\?v=/.exec(out)?.[1])
  })
})
