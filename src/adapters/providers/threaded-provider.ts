import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Provider, ProviderResult } from '../../generation/ports.ts'
import { createProvider, type ProviderConfig } from './create-provider.ts'
import { createProviderError } from './provider-error.ts'
import { type FromThread, fromFailure, type ToThread } from './thread-messages.ts'

type Call = {
  thread: Worker
  resolve: (result: ProviderResult) => void
  reject: (reason: unknown) => void
}

/**
 * A provider, called in a thread of its own: receiving an answer of some megabytes, decrypting and reading it would keep all else waiting.
 * The thread begins with the first call. Where it ends by itself, its calls are `ambiguous`, and the next call has another one.
 * `close` ends it. Where there is no such thread, as nothing was built, the process itself calls.
 */
export const createThreadedProvider = (
  config: ProviderConfig,
  entry: URL = ENTRY,
): { provider: Provider; close: () => Promise<void> } => {
  const inProcess = createProvider(config)
  if (!existsSync(entry)) return { provider: inProcess, close: async () => {} }
  const calls = new Map<number, Call>()
  let current: Worker | undefined
  let last = 0

  const open = (): Worker => {
    const thread = new Worker(entry, { workerData: config })
    const end = (cause: unknown) => {
      if (current === thread) current = undefined
      for (const [call, { thread: its }] of calls)
        if (its === thread) settle(call)?.reject(lost(cause))
    }
    thread.on('message', (message: FromThread) => {
      const call = settle(message.call)
      if ('result' in message) call?.resolve(message.result)
      else call?.reject(fromFailure(message.failure))
    })
    thread.on('error', end)
    thread.on('exit', end)
    return thread
  }
  /** Takes a call off the list; undefined where it is off it. A thread without calls keeps no process from ending. */
  const settle = (call: number): Call | undefined => {
    const settled = calls.get(call)
    calls.delete(call)
    if (calls.size === 0) current?.unref()
    return settled
  }

  const provider: Provider = {
    ...inProcess,
    call: (request, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        current ??= open()
        const thread = current
        const call = ++last
        const send = (message: ToThread) => thread.postMessage(message)
        const giveUp = () => {
          settle(call)?.reject(signal.reason)
          send({ call, isGivenUp: true })
        }
        signal.addEventListener('abort', giveUp, { once: true })
        const stopListening = () => signal.removeEventListener('abort', giveUp)
        calls.set(call, {
          thread,
          resolve: (result) => {
            stopListening()
            resolve(result)
          },
          reject: (reason) => {
            stopListening()
            reject(reason)
          },
        })
        thread.ref()
        send({ call, request })
      }),
  }
  return { provider, close: async () => void (await current?.terminate()) }
}

/** Built: a thread reads no TypeScript. */
const ENTRY = new URL('./provider-thread.js', import.meta.url)

/** It was sent, and nobody will say what came of it. */
const lost = (cause: unknown) =>
  createProviderError('ambiguous', 'The thread that called the image model ended.', { cause })
