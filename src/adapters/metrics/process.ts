import { collectDefaultMetrics, Registry } from 'prom-client'

let registry: Registry | undefined

/**
 * Memory, CPU, garbage collection and event-loop lag, in the names that prom-client gives them. They are the process's,
 * whatever runs in it, and are watched from the first reading on: who is not scraped pays nothing.
 */
export const readProcessMetrics = async (): Promise<string> => {
  if (!registry) {
    registry = new Registry()
    collectDefaultMetrics({ register: registry })
  }
  return registry.metrics()
}
