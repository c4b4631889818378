import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js'
import type { Generation } from '../../contract/generation.ts'

export type CallContext = RequestHandlerExtra<ServerRequest, ServerNotification>

/** Hosts give up on a call after a minute of silence, and begin anew at each word. */
const HEARTBEAT_MS = 10_000

/** Tells a host that asked for it how a picture comes along, and that it is still waited for. `stop` it in the end. */
export const startProgress = (
  { _meta, sendNotification }: Pick<CallContext, '_meta' | 'sendNotification'>,
  heartbeatMs = HEARTBEAT_MS,
) => {
  const progressToken = _meta?.progressToken
  let told = 0
  let message = 'asked for'
  const tell = () => {
    if (progressToken === undefined) return
    const params = { progressToken, progress: ++told, message }
    // A host that is gone is told of nothing, and its going ends the call by another way.
    sendNotification({ method: 'notifications/progress', params }).catch(() => {})
  }
  const heartbeat = setInterval(tell, heartbeatMs)
  return {
    onState: (generation: Generation): void => {
      const next = describeState(generation)
      if (next === message) return
      message = next
      tell()
    },
    stop: (): void => clearInterval(heartbeat),
  }
}

export const describeState = ({
  status,
  queuePosition,
}: Pick<Generation, 'status' | 'queuePosition'>) =>
  status === 'queued' && queuePosition ? `queued, at place ${queuePosition}` : status
