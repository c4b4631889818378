import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { VERSION } from '../../lib/version.ts'
import { registerCosts } from './costs.ts'
import type { McpDeps } from './deps.ts'
import { registerEditImage } from './edit-image.ts'
import { registerFindImages } from './find-images.ts'
import { registerMakeImage } from './make-image.ts'
import { registerShowImage } from './show-image.ts'

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
