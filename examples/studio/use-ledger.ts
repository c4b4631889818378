import type { AnalyticsSummary, ImageonceClient } from 'imageonce/client'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { useStored } from './use-stored.ts'

/** What it has cost and not cost since the count began, as the server says. */
export type Ledger = Count & { isLocalRenderer: boolean }

type Count = {
  paidCalls: number
  spentUsd: number
  reused: number
  /** What the server would have been asked for without the guard; by what this browser reported. */
  keptBack: number
  savedUsd: number
}

const DAYS = 365
const REFRESH_MS = 2_000
const LOCAL_RENDERER = /^local-/

/** The ledger is undefined until the server has answered where the count begins. */
export const useLedger = (client: ImageonceClient, ownerId: string, key: string) => {
  const [summary, setSummary] = useState<AnalyticsSummary>()
  const [begin, changeBegin] = useStored<Count | undefined>(key, () => undefined)

  const read = useCallback(
    async (choose: (before: Count | undefined, now: Count) => Count) => {
      const newest = await client.summary({ days: DAYS, owner: ownerId }).catch(() => undefined)
      if (!newest) return
      changeBegin((before) => choose(before, count(newest)))
      setSummary(newest)
    },
    [client, ownerId, changeBegin],
  )
  const refresh = useCallback(() => read((before, now) => before ?? now), [read])
  const beginAnew = () => read((_before, now) => now)

  useEffect(() => {
    void refresh()
    const timer = setInterval(() => document.hidden || refresh(), REFRESH_MS)
    return () => clearInterval(timer)
  }, [refresh])

  return { ledger: summary && begin && subtract(summary, begin), refresh, beginAnew }
}

const count = ({ figures }: AnalyticsSummary): Count => ({
  paidCalls: figures.paidCalls,
  spentUsd: figures.spendUsd,
  reused: figures.skipped.total,
  keptBack: figures.clientSkipped,
  savedUsd: figures.savedUsd,
})

const subtract = (summary: AnalyticsSummary, begin: Count): Ledger => {
  const now = count(summary)
  const since = (name: keyof Count) => Math.max(0, now[name] - begin[name])
  return {
    paidCalls: since('paidCalls'),
    spentUsd: since('spentUsd'),
    reused: since('reused'),
    keptBack: since('keptBack'),
    savedUsd: since('savedUsd'),
    isLocalRenderer: summary.models.every(({ model }) => LOCAL_RENDERER.test(model)),
  }
}
