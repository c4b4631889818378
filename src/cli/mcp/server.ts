import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { ImageonceClient } from '../../client/client.ts'
import { VERSION } from '../../lib/version.ts'
import { registerCosts } from './costs.ts'
import { registerEditImage } from './edit-image.ts'
import { registerFindImages } from './find-images.ts'
import { registerMakeImage } from './make-image.ts'
import { registerShowImage } from './show-image.ts'

export type McpDeps = {
  client: ImageonceClient
  /** Where the imageonce server is. */
  url: string
  /** How often a host that wants to hears that a picture is still waited for. */
  heartbeatMs?: number
}

const INSTRUCTIONS = `Makes pictures with a paid image model, each of them once: asking again with the same arguments answers with the same picture and costs nothing. So repeat a call whenever it is unclear what became of it, and change the words, or set "another", only for another picture. Every answer says what was paid.`

/** The tools, over one client. Failures are answers with `isError`, in words that say what to do. */
export const createMcpServer = (deps: McpDeps): McpServer => {
  const about = { name: 'imageonce', title: 'imageonce', version: VERSION }
  const server = new McpServer(about, { instructions: INSTRUCTIONS })
  registerMakeImage(server, deps)
  registerEditImage(server, deps)
  registerFindImages(server, deps)
  registerShowImage(server, deps)
  registerCosts(server, deps)
  return server
}
