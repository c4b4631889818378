import type { ImageonceClient } from '../../client/client.ts'

export type McpDeps = {
  client: ImageonceClient
  /** Where the imageonce server is. */
  url: string
  /** How often a host that wants to hears that a picture is still waited for. */
  heartbeatMs?: number
}
