import { useEffect, useState } from 'preact/hooks'
import { formatAgo, formatMoment } from './format.ts'

const REFRESH_MS = 10_000

/** How long ago; the exact moment is its title. */
export const Time = ({ at }: { at: string }) => {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNowMs(Date.now()), REFRESH_MS)
    return () => clearInterval(timer)
  }, [])
  return (
    <time dateTime={at} title={formatMoment(at)}>
      {formatAgo(at, Math.max(nowMs, Date.parse(at)))}
    </time>
  )
}
