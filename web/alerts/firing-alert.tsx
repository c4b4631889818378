import type { Alert } from '../../src/contract/alert.ts'
import { formatCount } from '../parts/format.ts'
import { Time } from '../parts/time.tsx'
import { AlertBadge } from './alert-badge.tsx'
import { describeThreshold, describeValue, describeWindow } from './describe.ts'

/** One that fires: how bad, since when, what it means and what to do. */
export const FiringAlert = ({ alert }: { alert: Alert }) => {
  const link = links[alert.name]
  return (
    <section class="card firing" aria-label={alert.title}>
      <div class="card-header">
        <h2>{alert.title}</h2>
        <span class="badges">
          <AlertBadge state={alert.state} />
          {alert.since && (
            <span class="muted">
              since <Time at={alert.since} />
            </span>
          )}
        </span>
      </div>
      <div class="firing-body">
        <dl class="firing-value">
          <dt>
            {alert.measures}
            {describeWindow(alert)}
          </dt>
          <dd class="tile-value tone-bad">{describeValue(alert)}</dd>
          <dd class="tile-hint">
            fires {describeThreshold(alert)}
            {alert.unit === 'percent' && `; of ${formatCount(alert.sample)}`}
          </dd>
        </dl>
        <dl class="firing-words">
          <dt>What it means</dt>
          <dd>{alert.meaning}</dd>
          <dt>What to do</dt>
          <dd>
            {alert.action}
            {link && (
              <>
                {' '}
                <a href={link.href}>{link.name}</a>
              </>
            )}
          </dd>
          <dt>More</dt>
          <dd>
            <code>{alert.docs}</code>
          </dd>
        </dl>
      </div>
    </section>
  )
}

/** Where one looks first. */
const links: Partial<Record<Alert['name'], { href: string; name: string }>> = {
  no_worker: { href: '/settings', name: 'The workers' },
  provider_down: { href: '/settings', name: 'The workers' },
  generations_failing: { href: '/generations?status=failed', name: 'The failed ones' },
  generations_slow: { href: '/generations?status=succeeded', name: 'The newest' },
  queue_old: { href: '/generations?status=queued', name: 'Those that wait' },
  eager_queue_old: { href: '/generations?status=queued&lane=eager', name: 'Those that wait' },
  reuse_low: { href: '/owners?sort=reuseRate&order=asc', name: 'By owner' },
  daily_spend_high: { href: '/owners?days=1&sort=spend', name: 'By owner' },
  monthly_spend_high: { href: '/owners?days=30&sort=spend', name: 'By owner' },
  budgets_low: { href: '/spending', name: 'The budgets' },
  batches_stuck: { href: '/spending', name: 'The batches' },
  prices_guessed: { href: '/settings', name: 'The settings' },
  paying_paused: { href: '/spending', name: 'The switch' },
}
