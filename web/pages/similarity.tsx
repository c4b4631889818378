import { useLocation } from 'preact-iso'
import type { SimilarityReport } from '../../src/contract/similarity.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { WordField } from '../parts/word-field.tsx'
import { useSession } from '../session-context.ts'
import { FellBack } from '../similarity/fell-back.tsx'
import { SimilarityFigures } from '../similarity/figures.tsx'
import { ModeCard } from '../similarity/mode-card.tsx'
import { PrecisionCard } from '../similarity/precision-card.tsx'
import { Review } from '../similarity/review.tsx'
import { formatScope, parseScope, reportPath, type Scope } from '../similarity/scope.ts'
import { useResource } from '../use-resource.ts'

const REFRESH_MS = 30_000

/** What becomes of images that nearly the same words have already, and whether that can be trusted. */
export const Similarity = () => {
  const { isAdmin } = useSession()
  const { query, route } = useLocation()
  const scope = parseScope(query)
  const path = reportPath(scope, isAdmin)
  const { value, error, reload } = useResource<SimilarityReport>(path, REFRESH_MS)
  // While another owner's is on its way, nothing may be chosen by what is known of the last.
  const report = !isAdmin || value?.owner === (scope.owner || null) ? value : undefined
  const change = (part: Partial<Scope>) => route(formatScope({ ...scope, ...part }), true)
  // Nothing is everybody's choice: an operator names an owner first.
  const owner = isAdmin ? scope.owner || undefined : ''

  return (
    <Page
      title="Similar prompts"
      about={<About report={report} isAdmin={isAdmin} owner={scope.owner} />}
      actions={
        isAdmin && <OwnerField owner={scope.owner} onChange={(owner) => change({ owner })} />
      }
    >
      {error && <Notice tone="bad">{error.message}</Notice>}
      {report && (
        <>
          {!report.embeddings && <IsOff note={report.note} />}
          {owner !== undefined && <FellBack report={report} owner={owner} onChosen={reload} />}
          <SimilarityFigures {...report} />
          <div class="similarity-cards">
            <ModeCard report={report} owner={owner} onChosen={reload} />
            <PrecisionCard {...report} />
          </div>
          <Review scope={scope} isAdmin={isAdmin} onChange={change} onJudged={reload} />
        </>
      )}
    </Page>
  )
}

const About = ({
  report,
  isAdmin,
  owner,
}: {
  report: SimilarityReport | undefined
  isAdmin: boolean
  owner: string
}) => (
  <>
    {isAdmin ? owner || 'All owners' : 'Your prompts'}
    {report && `, the last ${report.days} days`}
    {report?.embeddings && (
      <>
        , compared by <code>{report.embeddings.model}</code>
        {report.embeddings.source === 'local' && ' on this machine'}
      </>
    )}
  </>
)

const IsOff = ({ note }: { note: string | undefined }) => (
  <Notice tone="warn">
    <strong>Similar prompts are off.</strong>{' '}
    {note ?? 'There is nothing to compare prompts by: see EMBEDDING_SOURCE.'}
  </Notice>
)

/** Drawn anew where the address names another owner. */
const OwnerField = ({ owner, onChange }: { owner: string; onChange: (owner: string) => void }) => (
  <WordField
    key={owner}
    label="Owner"
    placeholder="Everybody’s"
    value={owner}
    onChange={onChange}
  />
)
