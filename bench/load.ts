import autocannon from 'autocannon'

/** More than the servers' database connections, so that those are never idle. */
const CONNECTIONS = 16

export type Load = { url: string; requests: autocannon.Request[] }
export type Measured = { perSecond: number; p50Ms: number; p99Ms: number; answers: number }

/** Sends the requests over and over. Throws unless every answer has the status. */
export const measureLoad = async (
  { url, requests }: Load,
  seconds: number,
  status: number,
): Promise<Measured> => {
  const result = await autocannon({ url, requests, connections: CONNECTIONS, duration: seconds })
  const answers = result.statusCodeStats?.[`${status}`]?.count ?? 0
  const total = result['2xx'] + result.non2xx
  if (result.errors > 0 || answers === 0 || answers !== total) {
    throw new Error(
      `${url}: ${answers} of ${total} answers were ${status}, ${result.errors} errors`,
    )
  }
  const { p50, p99 } = result.latency
  return { perSecond: answers / result.duration, p50Ms: p50, p99Ms: p99, answers }
}
