import type { Generation } from '../../src/client.ts'
import { LaneBadge, ProviderBadge, SourceBadge, TierBadge } from '../parts/badge.tsx'
import { Card } from '../parts/card.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { formatDuration, formatUsd } from '../parts/format.ts'
import { Time } from '../parts/time.tsx'
import { AskedFacts } from './asked-facts.tsx'

/** What was asked for, and what it came to. */
export const Facts = ({ generation }: { generation: Generation }) => (
  <>
    <Card title="Request">
      <dl class="facts">
        <dt>Prompt</dt>
        <dd class="as-written">{generation.prompt}</dd>
        <dt>Model</dt>
        <dd>
          {generation.model} <ProviderBadge provider={generation.provider} />
          {generation.servedBy && `, served by ${generation.servedBy.model}`}
        </dd>
        <dt>Image</dt>
        <dd>{describeShape(generation)}</dd>
        <AskedFacts generation={generation} />
        {generation.variant && (
          <>
            <dt>Variant</dt>
            <dd>{generation.variant}</dd>
          </>
        )}
        <dt>Lane</dt>
        <dd>
          <LaneBadge lane={generation.lane} />
        </dd>
        {generation.ownerId && (
          <>
            <dt>Owner</dt>
            <dd>{generation.ownerId}</dd>
          </>
        )}
        <dt>Asked for</dt>
        <dd>
          <Time at={generation.createdAt} />
        </dd>
        {generation.deadlineAt && (
          <>
            <dt>Ends at the latest</dt>
            <dd>
              <Time at={generation.deadlineAt} />
            </dd>
          </>
        )}
      </dl>
    </Card>
    <Card title="Result" actions={<CopyButton text={generation.imageUrl} name="Copy URL" />}>
      <dl class="facts">
        <dt>Cost</dt>
        <dd>
          {generation.costUsd === undefined ? 'not known yet' : formatUsd(generation.costUsd)}
          <TierBadge tier={generation.tier} />
        </dd>
        {generation.reuse && (
          <>
            <dt>Reused</dt>
            <dd>
              <SourceBadge source={generation.reuse.source} />{' '}
              {formatUsd(generation.reuse.savedUsd)} not spent
              <OtherGeneration generation={generation} />
            </dd>
          </>
        )}
        <dt>Took</dt>
        <dd>{describeLength(generation)}</dd>
        <dt>Attempts</dt>
        <dd>{generation.attempts}</dd>
        {generation.width && (
          <>
            <dt>Pixels</dt>
            <dd>
              {generation.width} × {generation.height}
            </dd>
          </>
        )}
      </dl>
    </Card>
  </>
)

const OtherGeneration = ({ generation: { reuse } }: { generation: Generation }) =>
  reuse?.generationId ? (
    <>
      , made by <a href={`/generations/${reuse.generationId}`}>another generation</a>
    </>
  ) : null

const describeShape = (generation: Generation): string =>
  [
    generation.imageSize,
    generation.aspectRatio,
    generation.transformation === 'enhance' && 'enhanced',
    generation.isConditioned && !generation.conditionImage && 'conditioned on an image',
  ]
    .filter(Boolean)
    .join(', ')

const describeLength = ({ createdAt, finishedAt }: Generation): string =>
  finishedAt ? formatDuration(Date.parse(finishedAt) - Date.parse(createdAt)) : 'not finished'
