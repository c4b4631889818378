import type { ComponentChildren } from 'preact'
import type { GenerationStatus } from '../../src/contract/status.ts'
import type { Lane, ProviderName, ReuseSource, Tier } from '../../src/contract/vocabulary.ts'
import { Icon, type IconName } from './icon.tsx'

type BadgeTone = 'good' | 'warn' | 'bad' | 'info' | 'accent'

export const Badge = ({
  tone,
  icon,
  title,
  children,
}: {
  tone?: BadgeTone | undefined
  icon?: IconName | undefined
  title?: string | undefined
  children: ComponentChildren
}) => (
  <span class={tone ? `badge badge-${tone}` : 'badge'} title={title}>
    {icon && <Icon name={icon} />}
    {children}
  </span>
)

const statuses: Record<GenerationStatus, { tone?: BadgeTone; icon: IconName }> = {
  queued: { tone: 'warn', icon: 'clock' },
  running: { tone: 'info', icon: 'spinner' },
  succeeded: { tone: 'good', icon: 'check' },
  failed: { tone: 'bad', icon: 'warning' },
  canceled: { icon: 'cross' },
}

export const StatusBadge = ({ status }: { status: GenerationStatus }) => (
  <Badge {...statuses[status]}>{status}</Badge>
)

const lanes: Record<Lane, string> = {
  interactive: 'A person waits for it',
  eager: 'Asked ahead of need, behind everything that a person waits for',
}

export const LaneBadge = ({ lane }: { lane: Lane }) => (
  <Badge tone={lane === 'interactive' ? 'accent' : undefined} title={lanes[lane]}>
    {lane}
  </Badge>
)

const tiers: Record<Exclude<Tier, 'standard'>, string> = {
  flex: 'Made at half the price, some minutes later',
  batch: 'Made at half the price, together with others',
}

/** Nothing for the standard price. */
export const TierBadge = ({ tier }: { tier: Tier | undefined }) =>
  tier && tier !== 'standard' ? (
    <>
      {' '}
      <Badge tone="good" title={tiers[tier]}>
        {tier}
      </Badge>
    </>
  ) : null

export const ProviderBadge = ({ provider }: { provider: ProviderName }) =>
  provider === 'local' ? (
    <Badge
      tone="warn"
      title="Drawn on this machine: no image model is called. Set GEMINI_API_KEY for real images."
    >
      local renderer
    </Badge>
  ) : (
    <Badge>{provider}</Badge>
  )

const sources: Record<ReuseSource, string> = {
  exact: 'The image existed already',
  joined: 'The image was on its way already',
  similar: 'An image of nearly the same request stood in',
  client: 'The app itself had the image',
}

export const SourceBadge = ({ source }: { source: ReuseSource }) => (
  <Badge tone="good" title={sources[source]}>
    reused: {source}
  </Badge>
)
