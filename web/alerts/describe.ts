import type { Alert } from '../../src/contract/alert.ts'
import { formatDuration, formatMeasure } from '../parts/format.ts'

/** When it fires: `below 95%`, `above 30 s`; nothing when it is off. */
export const describeThreshold = ({
  fires,
  threshold,
  unit,
}: Pick<Alert, 'fires' | 'threshold' | 'unit'>): string =>
  threshold === null ? '' : `${fires} ${formatMeasure(threshold, unit)}`

/** What was measured last; nothing where there was nothing to measure. */
export const describeValue = ({ value, unit }: Pick<Alert, 'value' | 'unit'>): string =>
  value === null ? '' : formatMeasure(value, unit)

/** What it is measured over, where that is some time. */
export const describeWindow = ({ windowMs }: Pick<Alert, 'windowMs'>): string =>
  windowMs === null ? '' : `, in ${formatDuration(windowMs)}`
