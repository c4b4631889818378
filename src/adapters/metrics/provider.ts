import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Provider, ProviderRequest } from '../../generation/ports.ts'
import { judgeFailure } from '../../generation/run/outcomes.ts'
import { type NanoUsd, toUsd } from '../../lib/money.ts'

/** The calls that cost money, as this process sent them. */
export const createProviderMetrics = (registry: Registry) => {
  const registers = [registry]
  const duration = new Histogram({
    name: 'imageonce_provider_call_duration_seconds',
    help: 'Calls to the model by outcome: image, interrupted, or the code of what went wrong.',
    labelNames: ['model', 'outcome'],
    buckets: [0.1, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 300, 600, 900],
    registers,
  })
  const paidCalls = new Counter({
    name: 'imageonce_provider_paid_calls_total',
    help: 'Calls that the provider may have charged for.',
    labelNames: ['model'],
    registers,
  })
  const cost = new Counter({
    name: 'imageonce_provider_cost_usd_total',
    help: 'What calls cost, in US dollars; where nobody said, what they may have cost.',
    labelNames: ['model'],
    registers,
  })
  const breakerOpen = new Gauge({
    name: 'imageonce_provider_breaker_open',
    help: '1 while this worker does not call the model, since it has not been answering.',
    registers,
  })

  const count = ({ model, apiKey }: ProviderRequest, startedAt: number, ended: Ended) => {
    duration.observe({ model, outcome: ended.outcome }, (performance.now() - startedAt) / 1_000)
    if (ended.mayHaveCharged) paidCalls.inc({ model })
    // With a caller's own key it is the caller who pays.
    if (ended.costNanoUsd > 0 && apiKey === undefined) {
      cost.inc({ model }, toUsd(ended.costNanoUsd))
    }
  }
  /** The same provider, with its calls counted. */
  const measure = (provider: Provider): Provider => ({
    ...provider,
    call: async (request, signal) => {
      const startedAt = performance.now()
      try {
        const result = await provider.call(request, signal)
        const { costNanoUsd } = result
        count(request, startedAt, { outcome: 'image', mayHaveCharged: true, costNanoUsd })
        return result
      } catch (error) {
        const heldNanoUsd = provider.estimateNanoUsd(request.model, request.imageSize, request.tier)
        count(request, startedAt, judgeFailure(error, heldNanoUsd))
        throw error
      }
    },
  })
  return { measure, setBreakerOpen: (isOpen: boolean) => breakerOpen.set(Number(isOpen)) }
}

type Ended = { outcome: string; mayHaveCharged: boolean; costNanoUsd: NanoUsd }
