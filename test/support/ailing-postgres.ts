import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** When it says so: to whom connects, or to each statement of whom it has let in. */
export type AilingAt = 'connection' | 'statement'

/** Answers in Postgres's place with one error, as Postgres frames it (PostgreSQL manual, "Message Formats"). */
export const startAilingPostgres = async () => {
  let state = ''
  let at: AilingAt = 'connection'
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    let unread = Buffer.alloc(0)
    let isIn = false
    socket.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk])
      for (;;) {
        // The first message has no type.
        const head = isIn ? 1 : 0
        if (unread.length < head + 4) return
        const end = head + unread.readInt32BE(head)
        if (unread.length < end) return
        const message = unread.subarray(0, end)
        unread = unread.subarray(end)
        if (isIn) answerStatement(socket, message, state)
        else if (at === 'connection') socket.end(errorResponse('FATAL', state))
        else {
          isIn = true
          socket.write(Buffer.concat([frame('R', int32(0)), READY]))
        }
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `postgres://127.0.0.1:${port}/ailing`,
    ail: (wantedState: string, wantedAt: AilingAt) => {
      state = wantedState
      at = wantedAt
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const answerStatement = (socket: Socket, message: Buffer, state: string) => {
  const type = String.fromCharCode(message[0] ?? 0)
  const isSetting = type === 'Q' && message.subarray(5, 9).toString() === 'set '
  if (isSetting) socket.write(Buffer.concat([frame('C', text('SET')), READY]))
  // A statement with values comes in several messages, of which the last is Sync.
  else if (type === 'Q' || type === 'S') {
    socket.write(Buffer.concat([errorResponse('ERROR', state), READY]))
  } else if (type === 'X') socket.end()
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`)

const frame = (type: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(type), int32(body.length + 4), body])

const READY = frame('Z', Buffer.from('I'))

const errorResponse = (severity: string, state: string): Buffer =>
  frame('E', text(`S${severity}\0C${state}\0Msaid in Postgres’s place\0`))
