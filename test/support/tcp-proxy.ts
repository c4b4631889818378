import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { carryBetween, createWeather, type Link, type TcpTarget } from './tcp-link.ts'

export type TcpProxy = Awaited<ReturnType<typeof startTcpProxy>>

/**
 * Stands in front of any server as the network that leads there, in both directions alike, and has its faults. What is
 * set holds for connections that are open and for new ones until `mend`.
 */
export const startTcpProxy = async (target: TcpTarget) => {
  const weather = createWeather()
  let leadsTo = target
  const links = new Set<Link>()
  const accept = (incoming: Socket) => {
    const link = carryBetween(incoming, leadsTo, weather)
    links.add(link)
    void link.closed.then(() => links.delete(link))
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  await listen(0)
  const { port } = server.address() as AddressInfo

  const stopListening = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const link of links) link.end('close')
    await closed
  }

  return {
    port,
    countLinks: () => links.size,
    /** Every byte comes this much later. */
    delay: (latencyMs: number) => weather.change({ latencyMs }),
    throttle: (bytesPerSecond: number) => weather.change({ bytesPerSecond }),
    /** Holds everything back, as a peer does whose process is stopped; `mend` delivers it. */
    freeze: () => weather.change({ isFrozen: true }),
    /**
     * Loses everything, and tells neither side: who connects is let in and hears nothing. What was open or came
     * meanwhile stays a half-open link after `mend` too.
     */
    swallow: () => {
      weather.change({ isSwallowing: true })
      for (const link of links) link.lose()
    },
    /** Ends what is open, each side by a reset. New connections are let in. */
    reset: () => {
      for (const link of links) link.end('reset')
    },
    /** Ends what is open; from now on the way leads there, or back to where it led at first. */
    redirect: (elsewhere: TcpTarget = target) => {
      leadsTo = elsewhere
      for (const link of links) link.end('close')
    },
    /** Ends what is open and refuses new connections. */
    cut: stopListening,
    /** The network is well again. */
    mend: async () => {
      weather.change({ latencyMs: 0, bytesPerSecond: 0, isFrozen: false, isSwallowing: false })
      if (!server.listening) await listen(port)
    },
    close: async () => {
      await stopListening()
      weather.end()
    },
  }
}
