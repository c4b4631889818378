import { StartError } from '../../lib/errors.ts'
import type { Tracing, TracingConfig } from './ports.ts'

/**
 * Traces are sent to `endpoint` over OTLP/HTTP; without one nothing is loaded. Throws `StartError` when the packages are
 * not there, which are optional. Release with `close`, when all that is traced has stopped.
 */
export const startTracing = async ({
  endpoint,
  serviceName,
}: TracingConfig): Promise<Tracing | undefined> => {
  if (endpoint === undefined) return undefined
  const { openTracing } = await import('./open-tracing.ts').catch(explainMissing)
  return openTracing(endpoint, serviceName)
}

const explainMissing = (error: unknown): never => {
  const { code, message } = error as NodeJS.ErrnoException
  const missing = /'((?:@[\w-]+\/)?[\w-]+)/.exec(message)?.[1]
  if (!/MODULE_NOT_FOUND/.test(code ?? '') || !missing) throw error
  throw new StartError(
    `OTEL_EXPORTER_OTLP_ENDPOINT is set, and the package ${missing} that traces need is not installed: npm install --include=optional`,
  )
}
