import { readdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { atMost, type Check, exactly, figure, toResult } from '../../chaos/result.ts'
import { countOf, type Plan } from '../../chaos/scenario.ts'
import { insertGeneration } from '../../support/rows.ts'
import { waitFor } from '../../support/wait-for.ts'
import type { Attack } from '../attack.ts'
import { withBystander } from '../bystander.ts'
import type { Target } from '../target.ts'
import { signJwt } from '../tokens/sign.ts'

/** Opened at once; more than this overflow the line of a listening socket. */
const BATCH = 200
/** How long they are held in the long form. */
const HELD_MS = 20_000
/** Node looks every 30 s for what is late: headers by 10 s and requests by 30. */
const CUT_OFF_MS = 75_000
/** The harness's own, and what the process opens by itself meanwhile. */
const FEW_HANDLES = 20

/** Thousands of connections of every lazy kind: none may keep others from being served, nor outlive its time. */
export const connections: Attack = {
  name: 'connections',
  run: async (target, plan) => {
    const { stack, ask, api } = target
    const count = countOf(plan, { full: 5_000, short: 60 })
    const before = await countHandles(api.pid)
    const openers = await makeOpeners(target)
    const opened: Lazy[] = []
    let held = 0
    const ofOthers = await withBystander(target, plan, async () => {
      for (let n = 0; n < count; n += BATCH) {
        const some = Array.from({ length: Math.min(BATCH, count - n) }, (_, i) => n + i)
        opened.push(
          ...(await Promise.all(some.map((i) => openers[i % openers.length]?.(i)))).filter(
            (lazy) => lazy !== undefined,
          ),
        )
        held = Math.max(held, (await countHandles(api.pid)) - before)
      }
      // Connected is what waits in the line of the listening socket, too.
      const isHeld = async () => {
        held = Math.max(held, (await countHandles(api.pid)) - before)
        return held >= count / 2
      }
      await waitFor(isHeld, { what: 'the connections to be taken' }).catch(() => {})
      if (plan.form === 'full') await delay(HELD_MS)
    })
    const { status } = await ask({ method: 'GET', path: '/livez' })
    const late = plan.form === 'full' ? await checkCutOff(opened) : []
    for (const { socket } of opened) socket.destroy()
    await waitFor(async () => (await countHandles(api.pid)) < before + FEW_HANDLES, {
      what: 'the connections to be let go',
    }).catch(() => {})
    const checks = [
      figure('connections', opened.length),
      { name: 'of them open at once', measured: held, min: count / 2 },
      exactly('status of /livez', status, 200),
      ...late,
      atMost('handles left', (await countHandles(api.pid)) - before, FEW_HANDLES),
      ...ofOthers,
      ...(await target.checkStanding()),
    ]
    const line = { scenario: 'connections', backend: stack.backend }
    return [toResult(line, describePlan(plan), checks, target.describeTrouble())]
  },
}

const describePlan = ({ form }: Plan) => (form === 'full' ? 'lazy, until cut off' : 'lazy')

type Lazy = { kind: string; isToBeCutOff: boolean; socket: Socket; told: () => string }

type Opener = (n: number) => Promise<Lazy>

const makeOpeners = async ({ url, stack, secrets }: Target): Promise<Opener[]> => {
  const { hostname, port } = new URL(url)
  await stack.db.insertInto('users').values({ id: 'lazy' }).execute()
  const { id } = await insertGeneration(stack.db, {
    ownerId: 'lazy',
    provider: 'gemini',
    model: 'gemini-nano-banana-2.1',
    eventSequence: 1,
  })
  const token = await signJwt(secrets.AUTH_JWT_SECRET, { sub: 'lazy' })
  const head = `HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`

  /** `isDeaf`: it takes nothing of what it is sent. `trickle`: a byte of it now and then. */
  const openWith =
    (
      kind: string,
      text: string,
      { isDeaf = false, trickle = '' }: { isDeaf?: boolean; trickle?: string } = {},
    ): Opener =>
    () =>
      new Promise((resolve, reject) => {
        let told = ''
        const socket = connect(Number(port), hostname)
        const timer = trickle ? setInterval(() => socket.write(trickle), 2_000) : undefined
        socket.on('error', (error) => reject(error))
        socket.once('close', () => clearInterval(timer))
        if (isDeaf) socket.pause()
        else {
          socket.on('data', (chunk) => {
            told += chunk
          })
        }
        socket.once('connect', () => {
          if (text) socket.write(text)
          resolve({ kind, isToBeCutOff: trickle !== '', socket, told: () => told })
        })
      })

  const json = 'Content-Type: application/json\r\n'
  return [
    openWith('idle', ''),
    openWith('slow headers', 'GET /livez HTTP/1.1\r\nHost: x\r\nX: ', { trickle: 'y' }),
    openWith('a slow body', `POST /api/telemetry ${head}${json}Content-Length: 9999\r\n\r\n`, {
      trickle: ' ',
    }),
    openWith('slow chunks', `POST /api/webhooks ${head}${json}Transfer-Encoding: chunked\r\n\r\n`, {
      trickle: '1\r\n \r\n',
    }),
    openWith('answers that are not read', `GET /openapi.json ${head}\r\n`.repeat(20), {
      isDeaf: true,
    }),
    openWith('events that are not read', `GET /api/generations/${id}/events ${head}\r\n`, {
      isDeaf: true,
    }),
    openWith('events', `GET /api/generations/${id}/events ${head}\r\n`),
  ]
}

/** Whoever sends a request too slowly is told so, or just cut off. */
const checkCutOff = async (opened: readonly Lazy[]): Promise<Check[]> => {
  const slow = opened.filter(({ isToBeCutOff }) => isToBeCutOff)
  const isOpen = ({ socket }: Lazy) => !socket.destroyed
  await waitFor(() => !slow.some(isOpen), {
    what: 'slow clients to be cut off',
    timeoutMs: CUT_OFF_MS,
  }).catch(() => {})
  const ends = slow.map(({ told }) => told().slice(9, 12) || 'without a word')
  const statuses = [...new Set(ends)].map((end) =>
    figure(`cut off with ${end}`, ends.filter((each) => each === end).length),
  )
  return [...statuses, exactly('slow and still there', slow.filter(isOpen).length, 0)]
}

const countHandles = async (pid: number): Promise<number> =>
  (await readdir(`/proc/${pid}/fd`).catch(() => [])).length
