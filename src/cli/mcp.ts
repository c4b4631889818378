import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import type { Config } from '../app/config.ts'
import { createImageonceClient } from '../client/client.ts'
import { createMcpServer } from './mcp/server.ts'
import { developmentToken } from './token.ts'

/** A server that is restarted is mostly back by then, and an assistant waits. */
const GIVE_UP_MS = 5_000

/**
 * Serves the Model Context Protocol on standard input and output until the host closes them; what there is to log goes to standard
 * error. Calls a running imageonce server, which need not be there yet.
 */
export const runMcp = async (
  { url, token }: { url: string; token: string | undefined },
  readConfig: () => Config,
): Promise<void> => {
  const client = createImageonceClient({
    baseUrl: url,
    token: async () => token ?? developmentToken(readConfig()),
    timeouts: { giveUpMs: GIVE_UP_MS },
    telemetry: false,
  })
  const server = createMcpServer({ client, url })
  const { stdin, stdout } = process
  const over = new Promise<void>((resolve) => {
    for (const event of ['end', 'close']) stdin.once(event, resolve)
    // A host that was killed reads no answers.
    stdout.once('error', () => resolve())
    server.server.onclose = resolve
  })
  server.server.onerror = ({ message }) => console.error(message)
  await server.connect(new StdioServerTransport(stdin, stdout))
  console.error(`imageonce mcp: images of ${url}`)
  await over
  await server.close()
}
