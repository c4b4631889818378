export type ServerSentEvent = { event: string; id: string; data: unknown }

/**
 * The events of a `text/event-stream` response, with their data parsed as JSON. Ends with the stream. `onBytes` is called
 * for everything that arrives, heartbeats included.
 */
export async function* readServerSentEvents(
  response: Response,
  onBytes: () => void = () => {},
): AsyncGenerator<ServerSentEvent> {
  if (!response.body) return
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let buffered = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      onBytes()
      buffered += decoder.decode(value, { stream: true })
      const blocks = buffered.split('\n\n')
      buffered = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = parseBlock(block)
        if (event) yield event
      }
    }
  } finally {
    // A reader that stops closes the connection.
    await reader.cancel().catch(() => {})
  }
}

const parseBlock = (block: string): ServerSentEvent | undefined => {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? []
    if (name && value !== undefined) fields.set(name, value)
  }
  const data = fields.get('data')
  if (data === undefined) return undefined
  return {
    event: fields.get('event') ?? 'message',
    id: fields.get('id') ?? '',
    data: JSON.parse(data),
  }
}
