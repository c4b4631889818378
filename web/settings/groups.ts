import type { Setting } from '../../src/contract/setting.ts'

type Group = { title: string; settings: Setting[] }

/** In the order of the page; a setting is in the first that its name fits. */
const groups: readonly { title: string; names: RegExp }[] = [
  { title: 'Server', names: /^(NODE_ENV|PORT|HOST|PUBLIC_URL|CORS|DATA_DIR|LOG|SHUTDOWN)/ },
  { title: 'Database and queue', names: /^(DATABASE|REDIS|QUEUE)_/ },
  { title: 'Image store', names: /^(S3_|PUBLIC_IMAGE)/ },
  {
    title: 'Image model',
    names: /^(GEMINI|BREAKER|PRICE)_|^(MODEL_MAX_|GENERATION_TIMEOUT|REFUSAL)/,
  },
  { title: 'Similar prompts and pictures', names: /^(SIMILARITY|EMBEDDING|CONDITION)_/ },
  { title: 'Signing in', names: /^(AUTH|OPERATOR|IMAGE_URL)_/ },
  { title: 'Save hooks', names: /^HOOK_/ },
  { title: 'Webhooks', names: /^WEBHOOK_/ },
  { title: 'Alerts and budgets', names: /^(ALERT|BUDGET)_/ },
  { title: 'Metrics and traces', names: /^(METRICS|OTEL)_/ },
  { title: 'Retention', names: /^(RETENTION|ORPHAN)_/ },
  { title: 'Work', names: /^(WORKER|OWNER|INTERACTIVE|EAGER|LEASE|SWEEP|RETRY)_/ },
  { title: 'Others', names: /./ },
]

/** What is shown of all settings, in groups. `words` are looked for in names, descriptions and values. */
export const groupSettings = (
  settings: readonly Setting[],
  { words, isChangedOnly }: { words: string; isChangedOnly: boolean },
): Group[] => {
  const shown = settings.filter(
    (setting) => contains(setting, words) && (!isChangedOnly || isChanged(setting)),
  )
  const titles = new Map(shown.map((setting) => [setting, titleOf(setting)]))
  return groups
    .map(({ title }) => ({
      title,
      settings: shown.filter((setting) => titles.get(setting) === title),
    }))
    .filter((group) => group.settings.length > 0)
}

/** Whether it is in force otherwise than it would be by itself. */
export const isChanged = ({ isSet, value, default: standard }: Setting): boolean =>
  isSet && value !== standard

const titleOf = ({ name }: Setting): string =>
  groups.find(({ names }) => names.test(name))?.title ?? ''

const contains = ({ name, description, value = '' }: Setting, words: string): boolean => {
  const text = `${name} ${description} ${value}`.toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
