import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'

export type Asked = {
  method: string
  path: string
  headers?: OutgoingHttpHeaders
  body?: Buffer | string
}

export type Told = {
  /** What was asked for. */
  path: string
  status: number
  headers: IncomingHttpHeaders
  text: string
  ms: number
}

/** Longer than the longest answer takes, which waits for a second (`MAX_WAIT_SECONDS`). */
const PATIENCE_MS = 60_000

/**
 * A client that sends what it is given and reads the whole answer; of a stream what comes first. It rejects where the
 * connection ends without an answer.
 */
export const createAsk = (url: string, connections = 8) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(url)

  const ask = ({ method, path, headers = {}, body }: Asked): Promise<Told> =>
    new Promise((resolve, reject) => {
      const startedAt = performance.now()
      const sent = request(
        {
          agent,
          hostname,
          port,
          method,
          path,
          headers:
            body === undefined
              ? headers
              : { 'content-length': Buffer.byteLength(body), ...headers },
          timeout: PATIENCE_MS,
        },
        (response) => {
          const chunks: Buffer[] = []
          const tell = () =>
            resolve({
              path,
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(chunks).toString(),
              ms: performance.now() - startedAt,
            })
          const isStream = response.headers['content-type']?.startsWith('text/event-stream')
          response.on('data', (chunk: Buffer) => {
            chunks.push(chunk)
            if (!isStream || !chunk.includes('data:')) return
            tell()
            sent.destroy()
          })
          response.once('end', tell)
          response.once('error', reject)
        },
      )
      sent.once('timeout', () => sent.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)))
      sent.once('error', reject)
      sent.end(body)
    })

  return { ask, close: () => agent.destroy() }
}
