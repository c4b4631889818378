import autocannon from 'autocannon'

/** More than the servers' database connections, so that those are never idle. */
const CONNECTIONS = 16

export type Load = { url: string; requests: autocannon.Request[] }
export type Measured = { perSecond: number; p50Ms: number; p99Ms: number }

/** Sends so many requests, over and over the same. Throws unless every answer has the status. */
export const measureLoad = async (
  { url, requests }: Load,
  amount: number,
  status: number,
): Promise<Measured> => {
  const startedAt = performance.now()
  const result = await autocannon({ url, requests, connections: CONNECTIONS, amount })
  const seconds = (performance.now() - startedAt) / 1_000
  const answers = result.statusCodeStats?.[`${status}`]?.count ?? 0
  if (result.errors > 0 || answers !== amount) {
    throw new Error(
      `${url}: ${amount} answers should be ${status}, and were ${JSON.stringify(result.statusCodeStats)}; ${result.errors} errors`,
    )
  }
  const { p50, p99 } = result.latency
  return { perSecond: amount / seconds, p50Ms: p50, p99Ms: p99 }
}
