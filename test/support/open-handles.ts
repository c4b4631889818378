import { createHook } from 'node:async_hooks'

export type OpenHandles = {
  /** What was opened since, is still open, and keeps the process alive; with where it was opened. */
  list(): string[]
  stop(): void
}

/** Node's names of what lives until it is closed; everything else ends by itself. */
const LASTING_TYPES = new Set([
  ...['TCPWRAP', 'TCPSERVERWRAP', 'PIPEWRAP', 'PIPESERVERWRAP', 'UDPWRAP'],
  ...['PROCESSWRAP', 'WORKER', 'Timeout', 'FSEVENTWRAP', 'STATWATCHER'],
])

type Handle = { type: string; stack: string; resource: WeakRef<{ hasRef?: () => boolean }> }

export const watchHandles = (): OpenHandles => {
  const handles = new Map<number, Handle>()
  const hook = createHook({
    init: (id, type, _trigger, resource) => {
      if (!LASTING_TYPES.has(type)) return
      handles.set(id, { type, stack: new Error().stack ?? '', resource: new WeakRef(resource) })
    },
    destroy: (id) => {
      handles.delete(id)
    },
  }).enable()
  return {
    list: () => [...handles.values()].filter(keepsAlive).map(describe),
    stop: () => hook.disable(),
  }
}

const keepsAlive = ({ resource }: Handle): boolean => {
  const found = resource.deref()
  return found !== undefined && (found.hasRef?.() ?? true)
}

const describe = ({ type, stack }: Handle): string => {
  const frames = stack
    .split('\n')
    .slice(1)
    .map((frame) => frame.trim())
  const outside = frames.filter((frame) => !/node:|open-handles/.test(frame))
  return `  ${type} ${outside.slice(0, 3).join('\n    ')}`
}
