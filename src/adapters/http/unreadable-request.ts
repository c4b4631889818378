import { randomUUID } from 'node:crypto'
import { type RequestListener, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Problem } from '../../contract/problem.ts'

type Refusal = { status: number; detail: string }

const MALFORMED: Refusal = { status: 400, detail: 'What was sent is no HTTP request.' }
const HOSTLESS: Refusal = { status: 400, detail: 'The request has no Host header.' }

/** By Node's own codes (Node.js documentation, "Event: 'clientError'"). */
const REFUSALS: Record<string, Refusal> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    detail: 'The headers are too large: at most 16 KB are taken.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    detail: 'The extensions of a chunk are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request did not arrive in time.' },
}

/**
 * Answers what never becomes a request with a problem document, as everything else is, and closes its connection. An `Expect`
 * of whatever kind is passed on: it may be ignored (RFC 9110, 10.1.1), where Node would refuse without a word.
 */
export const answerUnreadable = (server: Server): void => {
  const answers = new WeakMap<Duplex, ServerResponse>()
  server.on('request', (req, res) => answers.set(req.socket, res))
  server.on('checkExpectation', (req, res) => server.emit('request', req, res))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket)
    // Another answer is on its way, and these bytes would pass for a part of it.
    const isTaken = answer?.headersSent && !answer.writableFinished
    if (socket.writable && !isTaken && error.code !== 'ECONNRESET') {
      socket.write(formatRefusal(REFUSALS[error.code ?? ''] ?? MALFORMED))
    }
    socket.destroy(error)
  })
}

/** Refuses a request without a `Host`, as HTTP/1.1 wants it (RFC 9112, 3.2); Node would do so without a word. */
export const requireHost =
  (listener: RequestListener): RequestListener =>
  (req, res) => {
    if (req.headers.host !== undefined || req.httpVersion === '1.0') return listener(req, res)
    res.shouldKeepAlive = false
    const { status, headers, body } = describeRefusal(HOSTLESS)
    res.writeHead(status, headers).end(body)
  }

const formatRefusal = (refusal: Refusal): string => {
  const { status, title, headers, body } = describeRefusal(refusal)
  const lines = Object.entries({ Connection: 'close', ...headers }).map((pair) => pair.join(': '))
  return `HTTP/1.1 ${status} ${title}\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}

const describeRefusal = ({ status, detail }: Refusal) => {
  const title = STATUS_CODES[status] ?? 'Error'
  const requestId = randomUUID()
  const problem: Problem = {
    type: 'urn:imageonce:problem:invalid_request',
    title,
    status,
    detail,
    code: 'invalid_request',
    retryable: false,
    requestId,
  }
  const body = JSON.stringify(problem)
  const headers = {
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Request-Id': requestId,
    'X-Content-Type-Options': 'nosniff',
  }
  return { status, title, headers, body }
}
