import { writeFile } from 'node:fs/promises'
import { formatPrometheusRules } from '../ops/prometheus-rules.ts'

await writeFile(new URL('../ops/prometheus-rules.yml', import.meta.url), formatPrometheusRules())
