import type { Choose } from './choose.ts'

export type Malformed = {
  name: string
  /** What goes over the wire. */
  make: (choose: Choose, token: string) => Buffer | string
  /** As many answers as it may have; more are of requests that should not have been seen as such. */
  maxAnswers?: number
  /** The client goes away as soon as it has sent this. */
  leavesEarly?: boolean
}

const END = '\r\n\r\n'
const HOST = 'Host: x\r\n'
const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`

const post = (token: string, headers: string, body: string | Buffer = ''): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST /api/visualize/generate HTTP/1.1\r\n${HOST}Authorization: Bearer ${token}\r\nContent-Type: application/json\r\n${headers}\r\n`,
    ),
    Buffer.from(body),
  ])

const noise = (choose: Choose, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => choose.below(256)))

export const MALFORMED: readonly Malformed[] = [
  { name: 'noise', make: (choose) => Buffer.concat([noise(choose, 200), Buffer.from(END)]) },
  {
    name: 'noise after a method',
    make: (choose) => Buffer.concat([Buffer.from('GET '), noise(choose, 100), Buffer.from(END)]),
  },
  { name: 'TLS', make: () => Buffer.from('16030100c8010000c40303', 'hex') },
  { name: 'HTTP/2', make: () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  { name: 'HTTP/0.9', make: () => 'GET /\r\n' },
  { name: 'HTTP/1.0', make: () => 'GET /livez HTTP/1.0\r\n\r\n' },
  { name: 'another version', make: () => `GET /livez HTTP/9.9\r\n${HOST}\r\n` },
  { name: 'an unknown method', make: () => `BREW /pot HTTP/1.1\r\n${HOST}\r\n` },
  { name: 'CONNECT', make: () => `CONNECT 127.0.0.1:22 HTTP/1.1\r\n${HOST}\r\n` },
  { name: 'TRACE', make: () => `TRACE /livez HTTP/1.1\r\n${HOST}Cookie: a=b\r\n\r\n` },
  { name: 'OPTIONS *', make: () => `OPTIONS * HTTP/1.1\r\n${HOST}\r\n` },
  {
    name: 'an absolute address',
    make: () => `GET http://169.254.169.254/livez HTTP/1.1\r\n${HOST}\r\n`,
  },
  { name: 'an address that is none', make: () => `GET \\\\?\\C:\\ HTTP/1.1\r\n${HOST}\r\n` },
  {
    name: 'two slashes',
    make: () => `GET //evil.example/%2e%2e HTTP/1.1\r\n${HOST}Accept: text/html\r\n\r\n`,
  },
  { name: 'a long address', make: () => `GET /${'a'.repeat(15_000)} HTTP/1.1\r\n${HOST}\r\n` },
  { name: 'no host', make: () => 'GET /livez HTTP/1.1\r\n\r\n' },
  { name: 'two hosts', make: () => `GET /livez HTTP/1.1\r\n${HOST}Host: y\r\n\r\n` },
  {
    name: 'large headers',
    make: () => `GET /livez HTTP/1.1\r\n${HOST}X: ${'y'.repeat(20_000)}${END}`,
  },
  {
    name: 'many headers',
    make: () => `GET /livez HTTP/1.1\r\n${HOST}${'A: b\r\n'.repeat(5_000)}\r\n`,
  },
  { name: 'a header without a name', make: () => `GET /livez HTTP/1.1\r\n${HOST}: x\r\n\r\n` },
  {
    name: 'a space before the colon',
    make: () => `GET /livez HTTP/1.1\r\n${HOST}Content-Length : 5\r\n\r\n${SMUGGLED}`,
  },
  { name: 'a folded header', make: () => `GET /livez HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n` },
  { name: 'a NUL in a header', make: () => `GET /livez HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n` },
  { name: 'bare CRs', make: () => `GET /livez HTTP/1.1\rHost: x\r\r` },
  { name: 'bare LFs', make: () => `GET /livez HTTP/1.1\nHost: x\n\n` },
  {
    name: 'a length and chunks',
    make: (_, token) =>
      post(token, 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
  },
  {
    name: 'chunks of another name',
    make: (_, token) =>
      post(token, 'Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n', `0\r\n\r\n${SMUGGLED}`),
  },
  {
    name: 'chunks twice',
    make: (_, token) =>
      post(
        token,
        'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
        `0\r\n\r\n${SMUGGLED}`,
      ),
  },
  {
    name: 'two lengths',
    make: (_, token) => post(token, 'Content-Length: 2\r\nContent-Length: 60\r\n', `{}${SMUGGLED}`),
  },
  {
    name: 'a list of lengths',
    make: (_, token) => post(token, 'Content-Length: 2, 60\r\n', `{}${SMUGGLED}`),
  },
  { name: 'a negative length', make: (_, token) => post(token, 'Content-Length: -1\r\n', '{}') },
  { name: 'a length with a sign', make: (_, token) => post(token, 'Content-Length: +2\r\n', '{}') },
  {
    name: 'a huge length',
    make: (_, token) => post(token, 'Content-Length: 99999999999999999999\r\n', '{}'),
  },
  { name: 'a length in hex', make: (_, token) => post(token, 'Content-Length: 0x10\r\n', '{}') },
  {
    name: 'more promised than sent',
    make: (_, token) => post(token, 'Content-Length: 5000\r\n', '{"prompt"'),
  },
  {
    name: 'a chunk that is no number',
    make: (_, token) => post(token, 'Transfer-Encoding: chunked\r\n', 'zz\r\n{}\r\n0\r\n\r\n'),
  },
  {
    name: 'a huge chunk',
    make: (_, token) => post(token, 'Transfer-Encoding: chunked\r\n', 'fffffffffffffffff\r\n{}'),
  },
  {
    name: 'a chunk that is too long',
    make: (_, token) => post(token, 'Transfer-Encoding: chunked\r\n', '2\r\n{}xx\r\n0\r\n\r\n'),
  },
  {
    name: 'long extensions of a chunk',
    make: (_, token) =>
      post(token, 'Transfer-Encoding: chunked\r\n', `2;${'e'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`),
  },
  {
    name: 'trailers',
    make: (_, token) =>
      post(
        token,
        'Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n',
        '2\r\n{}\r\n0\r\nAuthorization: x\r\n\r\n',
      ),
  },
  {
    name: 'large trailers',
    make: (_, token) =>
      post(
        token,
        'Transfer-Encoding: chunked\r\n',
        `2\r\n{}\r\n0\r\nA: ${'b'.repeat(30_000)}\r\n\r\n`,
      ),
  },
  {
    name: 'one byte a chunk',
    make: (_, token) =>
      post(token, 'Transfer-Encoding: chunked\r\n', `${'1\r\n[\r\n'.repeat(2_000)}0\r\n\r\n`),
  },
  {
    name: 'an encoding and chunks',
    make: (_, token) => post(token, 'Transfer-Encoding: gzip, chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'),
  },
  {
    name: 'an expectation',
    make: (_, token) => post(token, 'Expect: 100-continue\r\nContent-Length: 2\r\n', '{}'),
    maxAnswers: 2,
  },
  {
    name: 'another expectation',
    make: (_, token) => post(token, 'Expect: x\r\nContent-Length: 2\r\n', '{}'),
  },
  {
    name: 'an upgrade',
    make: () => `GET /livez HTTP/1.1\r\n${HOST}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
  },
  {
    name: 'a pipeline',
    make: () => `GET /livez HTTP/1.1\r\n${HOST}\r\n`.repeat(50),
    maxAnswers: 50,
  },
  {
    name: 'a pipeline that ends in noise',
    make: (choose) =>
      Buffer.concat([
        Buffer.from(`GET /livez HTTP/1.1\r\n${HOST}\r\n`.repeat(5)),
        noise(choose, 50),
        Buffer.from(END),
      ]),
    maxAnswers: 6,
  },
  {
    name: 'a pipeline of bodies',
    make: (_, token) =>
      Buffer.concat([1, 2, 3].map(() => post(token, 'Content-Length: 2\r\n', '{}'))),
    maxAnswers: 3,
  },
  {
    name: 'a body of a GET',
    make: () => `GET /livez HTTP/1.1\r\n${HOST}Content-Length: 4\r\n\r\nbody`,
  },
  {
    name: 'gone after the headers',
    make: (_, token) => post(token, 'Content-Length: 5000\r\n'),
    leavesEarly: true,
  },
  { name: 'gone in the headers', make: () => `GET /livez HTTP/1.1\r\nHo`, leavesEarly: true },
  {
    name: 'gone in a body',
    make: (_, token) => post(token, 'Content-Length: 5000\r\n', '{"a":'),
    leavesEarly: true,
  },
  {
    name: 'gone in a chunk',
    make: (_, token) => post(token, 'Transfer-Encoding: chunked\r\n', 'ff\r\n{'),
    leavesEarly: true,
  },
  {
    name: 'gone before a pipeline is answered',
    make: (_, token) =>
      `GET /api/generations HTTP/1.1\r\n${HOST}Authorization: Bearer ${token}\r\n\r\n`.repeat(20),
    leavesEarly: true,
    maxAnswers: 20,
  },
  { name: 'nothing', make: () => '' },
]
