import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

type Value = { stringValue?: string; intValue?: number | string; doubleValue?: number }
type SentSpan = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes?: { key: string; value: Value }[]
}
type Batch = { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] }

export type CollectedSpan = {
  traceId: string
  id: string
  parentId: string | undefined
  name: string
  durationMs: number
  attributes: Record<string, string | number | undefined>
}

/** Takes traces as OpenTelemetry's collector does: OTLP in JSON, by POST to `/v1/traces`. */
export const startTraceCollector = async () => {
  const spans: CollectedSpan[] = []
  /** All that was sent, as text. */
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    const batch = (await json(request)) as Batch
    const isExpected = request.method === 'POST' && request.url === '/v1/traces'
    if (isExpected) {
      bodies.push(JSON.stringify(batch))
      const sent = batch.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans)
      spans.push(...sent.flatMap((scope) => scope.spans).map(describeSpan))
    }
    response.writeHead(isExpected ? 200 : 404, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  return { url: `http://127.0.0.1:${port}`, spans, bodies, close }
}

const describeSpan = (span: SentSpan): CollectedSpan => ({
  traceId: span.traceId,
  id: span.spanId,
  parentId: span.parentSpanId || undefined,
  name: span.name,
  durationMs: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
  attributes: Object.fromEntries(
    (span.attributes ?? []).map(({ key, value }) => [
      key,
      value.stringValue ?? value.intValue ?? value.doubleValue,
    ]),
  ),
})
