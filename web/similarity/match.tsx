import type { ComponentChildren } from 'preact'
import type { SimilarityCheck } from '../../src/contract/similarity.ts'
import { thumbnailUrl } from '../gallery/thumbnails.ts'
import { Badge } from '../parts/badge.tsx'
import { formatUsd } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Picture } from '../parts/picture.tsx'
import { Time } from '../parts/time.tsx'
import { formatSimilarity } from './modes.ts'
import { usePromptDifference } from './prompt-difference.tsx'
import { VerdictButtons } from './verdict-buttons.tsx'

/** A prompt and the image that it could do with, to be judged. */
export const Match = ({ check, onJudged }: { check: SimilarityCheck; onJudged: () => void }) => {
  const { generationId, prompt, match, mode, similarity, verdict, ownerId, createdAt } = check
  const words = usePromptDifference(prompt, match?.prompt ?? prompt)
  return (
    <li class="match">
      <div class="match-sides">
        <Side
          generationId={generationId}
          what="Asked for"
          imageUrl={mode === 'reuse' ? undefined : check.imageUrl}
          instead="answered with the other’s image"
        >
          {words.prompt}
        </Side>
        <Side
          generationId={match?.generationId}
          what="Exists"
          imageUrl={match?.imageUrl}
          instead="deleted since"
        >
          {match ? words.other : ''}
        </Side>
      </div>
      <div class="match-foot">
        <div>
          <span class="badges">
            <Badge title="The cosine of both prompts’ embeddings">
              {formatSimilarity(similarity)}
            </Badge>
            {check.judge && (
              <Badge
                title={`Asked for ${formatUsd(check.judgeCostUsd)}, as only the wording differs`}
              >
                judged by {check.judge}
              </Badge>
            )}
            <Badge tone={mode === 'reuse' ? 'accent' : undefined}>{mode}</Badge>
          </span>
          <p>
            {ownerId && <>{ownerId}, </>}
            <Time at={createdAt} />
          </p>
        </div>
        <VerdictButtons
          generationId={generationId}
          about={prompt}
          known={verdict === 'pending' ? undefined : verdict === 'accepted'}
          onJudged={onJudged}
        />
      </div>
    </li>
  )
}

const THUMBNAIL_PX = 320

const Side = ({
  generationId,
  what,
  imageUrl,
  instead,
  children,
}: {
  generationId: string | undefined
  what: string
  imageUrl: string | undefined
  /** What stands where there is no picture. */
  instead: string
  children: ComponentChildren
}) => (
  <figure class="match-side">
    {imageUrl ? (
      <Picture src={thumbnailUrl(imageUrl, THUMBNAIL_PX)} alt="" aspectRatio="1 / 1" isLazy />
    ) : (
      <span class="picture match-none">
        <Icon name="image" />
        {instead}
      </span>
    )}
    <figcaption>
      {generationId ? <a href={`/generations/${generationId}`}>{what}</a> : what}
      <span class="match-prompt">{children}</span>
    </figcaption>
  </figure>
)
