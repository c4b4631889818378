import type { AnalyticsSummary, ImageonceClient } from 'imageonce/client'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { useStored } from './use-stored.ts'

/** What it has cost and not cost since the count began; the server's figures, and of the guard what this browser told it. */
export type Ledger = {
  paidCalls: number
  spentUsd: number
  reused: number
  keptBack: number
  savedUsd: number
  isLocalRenderer: boolean
}

const DAYS = 365
const REFRESH_MS = 2_000
const LOCAL_RENDERER = /^local-/

/** Undefined until the server has told where the count begins. */
export const useLedger = (client: ImageonceClient, ownerId: string, key: string) => {
  const [summary, setSummary] = useState<AnalyticsSummary>()
  const [begin, changeBegin] = useStored<Count | undefined>(key, () => undefined)

  const refresh = useCallback(async () => {
    const newest = await client.summary({ days: DAYS, owner: ownerId }).catch(() => undefined)
    if (!newest) return
    changeBegin((before) => before ?? count(newest))
    setSummary(newest)
  }, [client, ownerId, changeBegin])

  useEffect(() => {
    void refresh()
    const timer = setInterval(() => document.hidden || refresh(), REFRESH_MS)
    return () => clearInterval(timer)
  }, [refresh])

  const beginAnew = () => changeBegin(() => summary && count(summary))
  const ledger = summary && begin && subtract(summary, begin)
  return { ledger, refresh, beginAnew }
}

type Count = Omit<Ledger, 'isLocalRenderer'>

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
