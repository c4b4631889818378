import type { SimilarityReport } from '../../src/contract/similarity.ts'
import { formatCount, formatDuration, formatPercent, formatUsd } from '../parts/format.ts'
import { StatTile } from '../parts/stat-tile.tsx'

/** What comparing found, what it cost and what it saved. */
export const SimilarityFigures = ({ checks, embedded, owner }: SimilarityReport) => {
  const { total, matched, reused, savedUsd, embeddingCostUsd, judged, judgeCostUsd, durationMs } =
    checks
  const query = new URLSearchParams({ source: 'similar', ...(owner && { owner }) })
  return (
    <div class="tiles">
      <StatTile
        name="Prompts compared"
        value={formatCount(total)}
        hint={`${formatCount(embedded)} have an embedding to compare by`}
      />
      <StatTile
        name="Matches"
        value={formatCount(matched)}
        hint={
          total > 0
            ? `${formatPercent(matched / total)} of them, which reuse would answer`
            : 'which reuse would answer'
        }
      />
      <StatTile
        name="Reused"
        value={formatCount(reused)}
        hint={<a href={`/generations?${query}`}>show them</a>}
      />
      <StatTile
        name="Money not spent"
        value={formatUsd(savedUsd)}
        tone={savedUsd > 0 ? 'good' : undefined}
        hint="by reusing a similar image"
      />
      <StatTile
        name="Cost of embeddings"
        value={formatUsd(embeddingCostUsd)}
        hint={total > 0 ? `${formatUsd(embeddingCostUsd / total)} a prompt` : 'nothing so far'}
      />
      <StatTile
        name="Cost of the judge"
        value={formatUsd(judgeCostUsd)}
        hint={judged > 0 ? `${formatCount(judged)} matches are its word` : 'no match is its word'}
      />
      <StatTile
        name="Time to compare"
        value={durationMs ? formatDuration(durationMs.p50) : '–'}
        hint={
          durationMs
            ? `half are faster; 95 % within ${formatDuration(durationMs.p95)}`
            : 'nothing was compared'
        }
      />
    </div>
  )
}
