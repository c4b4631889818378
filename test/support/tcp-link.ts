import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** What `net.connect` takes: `{ host, port }`, or the `path` of a Unix socket. */
export type TcpTarget = Pick<TcpNetConnectOpts, 'host' | 'port'> | { path: string }

type Conditions = {
  latencyMs: number
  /** 0: as fast as it goes. */
  bytesPerSecond: number
  isFrozen: boolean
  isSwallowing: boolean
}

type Weather = ReturnType<typeof createWeather>

/** What all links of a network have in common. `end` ends every wait. */
export const createWeather = () => {
  const stop = new AbortController()
  let conditions: Conditions = {
    latencyMs: 0,
    bytesPerSecond: 0,
    isFrozen: false,
    isSwallowing: false,
  }
  let thaw = () => {}
  let thawed = Promise.resolve()
  const change = (changes: Partial<Conditions>) => {
    const wasFrozen = conditions.isFrozen
    conditions = { ...conditions, ...changes }
    if (conditions.isFrozen && !wasFrozen) {
      thawed = new Promise((resolve) => {
        thaw = resolve
      })
    }
    if (!conditions.isFrozen) thaw()
  }
  const end = () => {
    stop.abort()
    thaw()
  }
  return {
    now: () => conditions,
    change,
    end,
    untilThawed: () => thawed,
    wait: (ms: number) => (ms > 0 ? delay(ms, undefined, { signal: stop.signal }) : undefined),
  }
}

export type Link = {
  /** From now on nothing arrives on either side. */
  lose: () => void
  end: (how: 'close' | 'reset') => void
  closed: Promise<unknown>
}

/** Leads a connection on to the target. */
export const carryBetween = (incoming: Socket, target: TcpTarget, weather: Weather): Link => {
  let isLost = weather.now().isSwallowing
  const outgoing = isLost ? undefined : connect({ ...target, allowHalfOpen: true, noDelay: true })
  const sockets = outgoing ? [incoming, outgoing] : [incoming]
  for (const socket of sockets) socket.on('error', () => {})
  if (outgoing) {
    carry(incoming, outgoing, weather, () => isLost)
    carry(outgoing, incoming, weather, () => isLost)
  } else {
    incoming.resume()
  }
  return {
    lose: () => {
      isLost = true
    },
    end: (how) => {
      for (const socket of sockets) {
        if (how === 'reset') socket.resetAndDestroy()
        else socket.destroy()
      }
    },
    closed: Promise.all(
      sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    ),
  }
}

/** More than this is not read ahead of what has been delivered. */
const MAX_QUEUED_BYTES = 1024 * 1024
const SLICES_PER_SECOND = 20

const carry = (from: Socket, to: Socket, weather: Weather, isLost: () => boolean): void => {
  let queue: Promise<unknown> = Promise.resolve()
  let queuedBytes = 0
  const enqueue = (step: () => Promise<void>) => {
    const { latencyMs } = weather.now()
    const arrival = performance.now() + latencyMs
    queue = queue
      .then(() => weather.wait(arrival - performance.now()))
      .then(weather.untilThawed)
      .then(() => (isLost() ? undefined : step()))
      .catch(() => {})
  }
  const deliver = async (chunk: Buffer) => {
    for (let sent = 0; sent < chunk.length; ) {
      const { bytesPerSecond } = weather.now()
      const size = bytesPerSecond
        ? Math.max(1, Math.floor(bytesPerSecond / SLICES_PER_SECOND))
        : chunk.length
      const slice = chunk.subarray(sent, sent + size)
      await new Promise((resolve) => to.write(slice, resolve))
      sent += slice.length
      if (bytesPerSecond) await weather.wait((slice.length / bytesPerSecond) * 1_000)
    }
  }
  from.on('data', (chunk: Buffer) => {
    queuedBytes += chunk.length
    if (queuedBytes > MAX_QUEUED_BYTES) from.pause()
    enqueue(() => deliver(chunk))
    void queue.then(() => {
      queuedBytes -= chunk.length
      if (queuedBytes <= MAX_QUEUED_BYTES) from.resume()
    })
  })
  from.on('end', () => enqueue(async () => void to.end()))
  from.on('close', () => enqueue(async () => void to.destroy()))
}
