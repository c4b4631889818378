import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import sharp from 'sharp'
import type { Disposables } from '../src/app/disposables.ts'
import { highRates } from '../test/support/rates.ts'
import { makeTemporaryFolder } from '../test/support/temporary-folder.ts'
import { imageonceCommand } from './commands.ts'
import { readMemoryMb } from './process-cpu.ts'
import { startServer } from './programs.ts'
import { printAim } from './report.ts'
import { signToken } from './requests.ts'
import { JWT_SECRET, type Services } from './services.ts'

const MAX_MB = 512
const UPLOADS = 120
const STREAMS = 2_000
const SLOW_READERS = 400
const SLOW_SECONDS = 10
/** Of random pixels, which nothing makes smaller: some 10 MB as png. */
const SIDE = 1_750

type Target = { url: string; pid: number; tokenOf: (owner: string) => Promise<string> }
type Attack = (target: Target) => Promise<string>

/** The most memory that a new API process takes under each attack (`VmHWM`). */
export const measureAttacks = async (
  services: Services,
  push: Disposables['push'],
  isWanted: (name: string) => boolean,
) => {
  for (const [name, attack] of Object.entries(ATTACKS)) {
    if (!isWanted(name)) continue
    const folder = await makeTemporaryFolder('bench-attack')
    push(folder.remove)
    const api = await startServer(imageonceCommand('api'), {
      DATABASE_URL: services.databaseUrl,
      ...(services.redisUrl && { REDIS_URL: services.redisUrl }),
      AUTH_JWT_SECRET: JWT_SECRET,
      DATA_DIR: folder.path,
      LOG_LEVEL: 'warn',
      // What bounds memory must hold where rates don't.
      RATE_LIMITS: highRates(),
    })
    try {
      const idleMb = await readMemoryMb(api.pid, 'VmRSS')
      const outcome = await attack({ ...api, tokenOf: signToken })
      const peakMb = await readMemoryMb(api.pid, 'VmHWM')
      const text = `\n${name}: ${idleMb.toFixed(0)} → ${peakMb.toFixed(0)} MB at most, aim ${MAX_MB} (${outcome})`
      printAim(text, peakMb <= MAX_MB)
    } finally {
      await api.stop()
    }
  }
}

const upload =
  (listOwners: (n: number) => string): Attack =>
  async ({ url, tokenOf }) => {
    const body = await makeNoise()
    const statuses = await Promise.all(
      Array.from({ length: UPLOADS }, async (_, n) => {
        const authorization = `Bearer ${await tokenOf(listOwners(n))}`
        const headers = { authorization, 'content-type': 'image/png' }
        const bytes = new Uint8Array(Buffer.concat([body, randomBytes(8)]))
        return post(`${url}/api/images`, headers, bytes)
      }),
    )
    return `${UPLOADS} of ${(body.length / 1e6).toFixed(1)} MB: ${count(statuses)}`
  }

const conditions: Attack = async ({ url, tokenOf }) => {
  const image = (await makeNoise()).toString('base64')
  const statuses = await Promise.all(
    Array.from({ length: UPLOADS }, async (_, n) => {
      const authorization = `Bearer ${await tokenOf(`owner ${n}`)}`
      const headers = { authorization, 'content-type': 'application/json' }
      const body = JSON.stringify({ prompt: `picture ${n}`, conditionImage: image })
      return post(`${url}/api/visualize/generate`, headers, body)
    }),
  )
  return `${UPLOADS} of ${(image.length / 1e6).toFixed(1)} MB: ${count(statuses)}`
}

const post = async (url: string, headers: Record<string, string>, body: string | Uint8Array) => {
  const answer = await fetch(url, { method: 'POST', headers, body: body as string }).catch(
    () => undefined,
  )
  await answer?.arrayBuffer().catch(() => undefined)
  return answer?.status ?? 'cut off'
}

const idleStreams: Attack = async ({ url, tokenOf }) => {
  const sockets: Socket[] = []
  const statuses: string[] = []
  for (let n = 0; n < STREAMS; n++) {
    const owner = `owner ${n % 20}`
    const authorization = `Bearer ${await tokenOf(owner)}`
    const headers = { authorization, 'content-type': 'application/json' }
    const answer = await fetch(`${url}/api/visualize/generate`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ prompt: 'followed', lane: 'eager' }),
    })
    const { id } = (await answer.json()) as { id: string }
    const { socket, status } = await open(url, `/api/generations/${id}/events`, authorization)
    sockets.push(socket)
    statuses.push(status)
  }
  await delay(SLOW_SECONDS * 1_000)
  for (const socket of sockets) socket.destroy()
  return `${STREAMS} streams: ${count(statuses)}`
}

/** Who asks for a large image and reads no further than its first bytes. */
const slowReaders: Attack = async ({ url, tokenOf }) => {
  const authorization = `Bearer ${await tokenOf('owner')}`
  const headers = { authorization, 'content-type': 'image/png' }
  const body = new Uint8Array(await makeNoise())
  const answer = await fetch(`${url}/api/images`, { method: 'POST', headers, body })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  const { imageUrl } = JSON.parse(text) as { imageUrl: string }
  const { pathname, search } = new URL(imageUrl)
  const opened = await Promise.all(
    Array.from({ length: SLOW_READERS }, () => open(url, pathname + search, authorization)),
  )
  await delay(SLOW_SECONDS * 1_000)
  for (const { socket } of opened) socket.destroy()
  return `${SLOW_READERS} readers: ${count(opened.map(({ status }) => status))}`
}

const ATTACKS: Record<string, Attack> = {
  'attacks: uploads of one owner': upload(() => 'owner'),
  'attacks: uploads of many owners': upload((n) => `owner ${n}`),
  'attacks: condition images of many owners': conditions,
  'attacks: idle readers': idleStreams,
  'attacks: slow readers': slowReaders,
}

/** Sends a GET, and reads nothing but the head of its answer. */
const open = (url: string, path: string, authorization: string) =>
  new Promise<{ socket: Socket; status: string }>((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const end = (status: string) => resolve({ socket, status })
    socket.on('error', () => end('cut off'))
    socket.on('close', () => end('cut off'))
    socket.once('data', (data) => {
      socket.pause()
      end(/^HTTP\/1\.1 (\d+)/.exec(data.toString('latin1'))?.[1] ?? 'no answer')
    })
    socket.write(`GET ${path} HTTP/1.1\r\nHost: attack\r\nAuthorization: ${authorization}\r\n\r\n`)
  })

const makeNoise = (): Promise<Buffer> => {
  const raw = { width: SIDE, height: SIDE, channels: 3 } as const
  return sharp(randomBytes(SIDE * SIDE * 3), { raw })
    .png({ compressionLevel: 1 })
    .toBuffer()
}

const count = (statuses: readonly (string | number)[]): string => {
  const counts = new Map<string | number, number>()
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts].map(([status, times]) => `${times} × ${status}`).join(', ')
}
