import { Document, isMap } from 'yaml'
import { docsOf } from '../src/features/alerts/alert-texts.ts'
import { type AlertRule, createAlertRules } from '../src/features/alerts/rules.ts'

/** The text of `ops/prometheus-rules.yml`: all alerts of the service, and those that only Prometheus can tell. */
export const formatPrometheusRules = (): string => {
  const own = ownRules().map(toPrometheus)
  const rules = [...own, ...prometheusOnly]
  const document = new Document({
    groups: [{ name: 'imageonce-alerts', rules: rules.map(toEntry) }],
  })
  rules.forEach(({ because }, index) => {
    const entry = document.getIn(['groups', 0, 'rules', index], true)
    if (because && isMap(entry)) entry.commentBefore = ` ${because}`
  })
  document.commentBefore = HEAD
  return document.toString({ lineWidth: 0 })
}

const HEAD = ` imageonce's alerts, for Prometheus (rule_files). docs/operations.md says what to do about each.
 Made by \`npm run ops:rules\` from src/features/alerts/rules.ts and ops/prometheus-rules.ts: change those.

 What the service watches itself is asked of it, so the thresholds are those of its settings. imageonce_generations, _workers_alive,
 _queue_oldest_age_seconds and _alert_firing are read from Postgres: every process tells the same, so they are joined by max.
 Everything else is each process's own, and is summed.`

type PrometheusRule = {
  alert: string
  expr: string
  /** How long it must be so. */
  for?: string
  severity: AlertRule['severity']
  summary: string
  description: string
  /** Why the service does not watch for it itself. */
  because?: string
}

/** Names and texts, which are the same by any settings. */
const ownRules = (): AlertRule[] =>
  createAlertRules({
    generationMs: 0,
    queueAgeMs: 0,
    eagerQueueAgeMs: 0,
    dailyWarnUsd: undefined,
    monthlyWarnUsd: undefined,
  })

/** Fires at once: the service has waited for as many evaluations as the alert takes. */
const toPrometheus = ({ name, severity, title, meaning, action }: AlertRule): PrometheusRule => ({
  alert: `Imageonce${toCamelCase(name)}`,
  expr: `${isFiring(`="${name}"`)} == 1`,
  severity,
  summary: `${title}. ${meaning}`,
  description: `${action} See ${docsOf(name)}`,
})

/** A slow Postgres leaves the figure out of some scrapes, which must not end the alert. */
const isFiring = (which: string): string =>
  `max(last_over_time(imageonce_alert_firing{alert${which}}[5m]))`

const toCamelCase = (name: string): string =>
  name.replace(/(?:^|_)(\w)/g, (_, first: string) => first.toUpperCase())

const toEntry = ({
  alert,
  expr,
  for: lasting,
  severity,
  summary,
  description,
}: PrometheusRule) => ({
  alert,
  expr,
  ...(lasting && { for: lasting }),
  labels: { severity },
  annotations: { summary, description },
})

const ratio = (part: string, all: string): string =>
  `sum(increase(${part}[5m])) / (sum(increase(${all}[5m])) > 0)`

const HTTP_COUNT = 'imageonce_http_request_duration_seconds_count'
const STORE_COUNT = 'imageonce_store_operation_duration_seconds_count'
const ONE_PROCESS = 'A process knows this of itself alone, and Prometheus of all.'

const prometheusOnly: PrometheusRule[] = [
  {
    alert: 'ImageonceNoApi',
    because: 'A service that is down cannot say so.',
    expr: 'absent(imageonce_info{role="api"})',
    for: '2m',
    severity: 'critical',
    summary: 'No API is alive, or none is scraped.',
    description: 'Look at the platform that runs it, and at the scraping.',
  },
  {
    alert: 'ImageonceAlertsSilent',
    because: 'Alerts are kept in Postgres: without it none is evaluated.',
    expr: 'absent(imageonce_alert_firing) and on () imageonce_info',
    for: '5m',
    severity: 'critical',
    summary: 'The service is alive and tells of no alert.',
    description: 'Postgres is away: GET /readyz says so, and the log why.',
  },
  {
    alert: 'ImageonceQueueStuck',
    because: 'It is an old queue, which the service tells; nobody at work makes it graver.',
    expr: `${isFiring('=~"queue_old|eager_queue_old"')} == 1 and on () sum(max by (lane) (imageonce_generations{status="running"})) == 0`,
    for: '3m',
    severity: 'critical',
    summary: 'The queue is old and no worker runs anything.',
    description:
      'Are workers up and connected to the same Redis and QUEUE_NAME? What a rate limit of the provider holds up counts as delayed, and not here.',
  },
  {
    alert: 'ImageonceProviderRefusesUs',
    because:
      'The service counts ends by their code and judges them together, as generations_failing.',
    expr: 'sum by (code) (increase(imageonce_generation_failures_total{code=~"unauthorized|model_gone"}[15m])) > 0',
    for: '1m',
    severity: 'critical',
    summary: 'The provider answers {{ $labels.code }}: the key or the model must be changed.',
    description: 'Change GEMINI_API_KEY or GEMINI_MODEL; then ask again for what failed.',
  },
  {
    alert: 'ImageonceHttpErrors',
    because: ONE_PROCESS,
    expr: `${ratio(`${HTTP_COUNT}{status="5xx"}`, HTTP_COUNT)} > 0.05 and sum(increase(${HTTP_COUNT}[5m])) >= 50`,
    for: '5m',
    severity: 'critical',
    summary: '{{ $value | humanizePercentage }} of requests end in a 5xx.',
    description: 'The log has them by requestId; GET /readyz names the part that does not answer.',
  },
  {
    alert: 'ImageonceDatabasePoolFull',
    because: ONE_PROCESS,
    expr: 'min_over_time(imageonce_database_waiting[5m]) > 0',
    for: '5m',
    severity: 'warning',
    summary: 'Statements wait for a connection all the time on {{ $labels.instance }}.',
    description:
      "Look at Postgres's load first; then raise DATABASE_POOL_SIZE, under its max_connections for all processes together.",
  },
  {
    alert: 'ImageonceStoreFailing',
    because: ONE_PROCESS,
    expr: `${ratio(`${STORE_COUNT}{outcome="error"}`, STORE_COUNT)} > 0.05 and sum(increase(${STORE_COUNT}[5m])) >= 20`,
    for: '5m',
    severity: 'critical',
    summary: '{{ $value | humanizePercentage }} of what the image store is asked fails.',
    description:
      "Look at the store's status page; what is paid for waits in the workers' spools and is not paid for again.",
  },
  {
    alert: 'ImageonceEventLoopSlow',
    because: ONE_PROCESS,
    expr: 'nodejs_eventloop_lag_p99_seconds > 0.5 and on (job, instance) imageonce_info',
    for: '10m',
    severity: 'warning',
    summary:
      '{{ $labels.instance }} answers late: its event loop stands still for {{ $value | humanizeDuration }}.',
    description: 'Run more processes, or fewer generations in each (WORKER_CONCURRENCY).',
  },
]
