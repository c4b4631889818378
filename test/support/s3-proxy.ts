import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { startHttpServer, type TestServer } from './http-server.ts'

export type S3Proxy = TestServer & { requests: IncomingMessage[] }

/** True: answered (or left hanging), do not forward. */
export type Intercept = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean

/**
 * Stands in front of an S3 server, and answers in its place where `intercept` does. Host headers go through
 * unchanged, so that signatures stay good.
 */
export const startS3Proxy = async (target: string, intercept: Intercept): Promise<S3Proxy> => {
  const requests: IncomingMessage[] = []
  const server = await startHttpServer((incoming, outgoing) => {
    requests.push(incoming)
    if (intercept(incoming, outgoing)) return
    forward(target, incoming, outgoing)
  })
  return { ...server, requests }
}

const forward = (target: string, incoming: IncomingMessage, outgoing: ServerResponse) => {
  const { method, headers, url = '/' } = incoming
  const upstream = request(new URL(url, target), { method, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    pipeline(answer, outgoing, () => {})
  })
  pipeline(incoming, upstream, (error) => error && outgoing.destroy())
}
