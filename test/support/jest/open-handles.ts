import { ChildProcess } from 'node:child_process'
import { Server, Socket } from 'node:net'

/** Undocumented for years and unchanged: async_hooks would tell as much, and slows every promise down. */
type ProcessWithHandles = { _getActiveHandles(): object[] }

/** Tells what has been opened since the call, is still open, and keeps the process alive. */
export const watchHandles = (): (() => string[]) => {
  const before = new Set(findHandles())
  const timersBefore = countTimers()
  return () => {
    const handles = findHandles().filter((handle) => !before.has(handle))
    const timers = countTimers() - timersBefore
    return [...handles.map(describe), ...(timers > 0 ? [`${timers} timers`] : [])]
  }
}

const findHandles = (): object[] => (process as unknown as ProcessWithHandles)._getActiveHandles()

const countTimers = (): number =>
  process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length

const describe = (handle: object): string => {
  if (handle instanceof ChildProcess) return `process ${handle.pid} (${handle.spawnfile})`
  if (handle instanceof Server) return `server on ${JSON.stringify(handle.address())}`
  if (handle instanceof Socket) {
    const { remoteAddress, remotePort, localPort } = handle
    if (!remoteAddress) return 'socket (a Unix socket or a pipe)'
    return `socket from port ${localPort} to ${remoteAddress}:${remotePort}`
  }
  return handle.constructor.name
}
