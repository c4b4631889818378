import type { Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'

export type DrainOptions = {
  /** What is still open after this is cut off. */
  graceMs: number
  /** A connection that has rested for this long is closed. */
  idleMs?: number | undefined
  /** Aborted where nobody waits any longer: all that is open is cut off. */
  hurry?: AbortSignal | undefined
}

export type Drain = (options: DrainOptions) => Promise<void>

/** Longer than a client that heeds `Retry-After: 2` leaves between two requests. */
const IDLE_MS = 2_500
const LOOK_MS = 50

/**
 * Prepares a server for being stopped without a reset for its clients. The result takes no more connections, tells
 * the client of every answer from then on to leave (`Connection: close`), closes connections that rest, and resolves
 * when none is open. See docs/adr/0012.
 */
export const createDrain = (server: Server): Drain => {
  const dueAnswers = new Map<Socket, Set<ServerResponse>>()
  let isDraining = false
  server.on('connection', (socket) => {
    dueAnswers.set(socket, new Set())
    socket.once('close', () => dueAnswers.delete(socket))
  })
  server.prependListener('request', ({ socket }, response) => {
    const due = dueAnswers.get(socket)
    due?.add(response)
    response.once('close', () => due?.delete(response))
    if (isDraining) sendAway(response)
  })

  return async ({ graceMs, idleMs = IDLE_MS, hurry }) => {
    if (!server.listening) return
    await acceptWaiting()
    const closed = closeListener(server)
    // Only then: a client that is sent away comes back at once, and must find the door closed.
    isDraining = true
    for (const due of dueAnswers.values()) due.forEach(sendAway)
    const closeResting = createRestWatch(dueAnswers, idleMs)
    // A request that has arrived is seen first: what is closed with it unread is reset.
    const looks = setInterval(() => setImmediate(closeResting), LOOK_MS)
    const cut = () => server.closeAllConnections()
    const cutting = setTimeout(cut, graceMs)
    hurry?.addEventListener('abort', cut)
    if (hurry?.aborted) cut()
    await closed
    clearTimeout(cutting)
    hurry?.removeEventListener('abort', cut)
    clearInterval(looks)
  }
}

/** Connections that the system has taken and the process has not are reset when a server closes. */
const acceptWaiting = async () => {
  await nextTurn()
  await nextTurn()
}

/** An HTTP server's own `close` closes resting connections too, at once. It is called in the end for its timer. */
const closeListener = async (server: Server): Promise<void> => {
  await new Promise((resolve) => NetServer.prototype.close.call(server, resolve))
  server.close()
}

/**
 * Makes an answer the last one of its connection, if its request has been read whole: closing on a client that is
 * still sending resets it before it has read the answer. The headers of a stream may have been sent already.
 */
const sendAway = (response: ServerResponse): void => {
  const writeHead = response.writeHead
  response.writeHead = ((...args: Parameters<typeof writeHead>) => {
    if (isWhole(response.req)) response.setHeader('Connection', 'close')
    return writeHead.apply(response, args)
  }) as typeof writeHead
}

const isWhole = ({ complete, headers }: ServerResponse['req']): boolean =>
  complete || !('transfer-encoding' in headers || Number(headers['content-length'] ?? 0) > 0)

/** Looks for connections that have had nothing to do since the looks began, and closes them after `idleMs`. */
const createRestWatch = (dueAnswers: Map<Socket, Set<ServerResponse>>, idleMs: number) => {
  const rests = new WeakMap<Socket, { bytesRead: number; since: number }>()
  return () => {
    const now = performance.now()
    for (const [socket, { size }] of dueAnswers) {
      const { bytesRead } = socket
      const rest = rests.get(socket)
      if (size > 0 || rest?.bytesRead !== bytesRead) {
        rests.set(socket, { bytesRead, since: now })
      } else if (now - rest.since >= idleMs) {
        socket.destroy()
      }
    }
  }
}
