import type { Request, Response } from 'express'
import { MAX_WAIT_SECONDS } from '../../contract/limits.ts'
import { AppError } from '../../lib/errors.ts'

/** Seconds from `Prefer: wait=N` (RFC 7240), lowered to what is allowed; undefined when not asked for. */
export const parsePreferWait = (req: Request): number | undefined => {
  const prefer = req.get('Prefer')
  const wait = prefer?.split(/[,;]/).find((preference) => /^\s*wait\s*(=|$)/i.test(preference))
  if (wait === undefined) return undefined
  const value = /^\s*wait\s*=\s*"?([^"\s]*)"?\s*$/i.exec(wait)?.[1] ?? ''
  return parseSeconds(value, 'Prefer')
}

/** Seconds from `?wait=N`, lowered to what is allowed; 0 when not asked for. */
export const parseQueryWait = (req: Request): number =>
  req.query.wait === undefined ? 0 : parseSeconds(String(req.query.wait), '?wait')

export const setPreferenceApplied = (res: Response, waitSeconds: number | undefined): void => {
  if (waitSeconds !== undefined) res.set('Preference-Applied', `wait=${waitSeconds}`)
}

const parseSeconds = (text: string, pointer: string): number => {
  if (!/^\d{1,9}$/.test(text)) {
    throw new AppError(
      'invalid_request',
      'wait must be a whole number of seconds, as in wait=30.',
      {
        pointer,
      },
    )
  }
  return Math.min(Number(text), MAX_WAIT_SECONDS)
}
