import { parentPort, workerData } from 'node:worker_threads'
import type { ProviderResult } from '../../generation/ports.ts'
import { createProvider, type ProviderConfig } from './create-provider.ts'
import { type CallOrder, type FromThread, type ToThread, toFailure } from './thread-messages.ts'

/* The thread of `createThreadedProvider`: makes the calls that it is told to. */

const provider = createProvider(workerData as ProviderConfig)
const underWay = new Map<number, AbortController>()

parentPort?.on('message', (message: ToThread) => {
  if ('request' in message) void make(message)
  else underWay.get(message.call)?.abort()
})

const make = async ({ call, request }: CallOrder): Promise<void> => {
  const controller = new AbortController()
  underWay.set(call, controller)
  try {
    const result = await provider.call(request, controller.signal)
    send({ call, result }, listBuffers(result))
  } catch (error) {
    send({ call, failure: toFailure(error) }, [])
  } finally {
    underWay.delete(call)
  }
}

const send = (message: FromThread, handedOver: ArrayBuffer[]): void =>
  parentPort?.postMessage(message, handedOver)

/** What can be handed over instead of copied: small buffers of Node share their memory with others. */
const listBuffers = ({ bytes, others = [] }: ProviderResult): ArrayBuffer[] =>
  [bytes, ...others]
    .filter(({ byteLength, buffer }) => byteLength === buffer.byteLength)
    .map(({ buffer }) => buffer as ArrayBuffer)
