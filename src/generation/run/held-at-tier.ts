import { AppError } from '../../lib/errors.ts'

/**
 * A generation whose call was not sent, or came to nothing that counts, for its tier alone: it is tried again, and nothing of what its
 * asking may cost is used up.
 */
export class HeldAtTier extends AppError {
  override readonly name = 'HeldAtTier'
  /** It is not to wait for longer, in milliseconds: its time at the tier, or its own, is over then. */
  readonly atMostMs: number

  constructor(
    message: string,
    { retryAfterMs, atMostMs }: { retryAfterMs: number; atMostMs: number },
  ) {
    super('rate_limited', message, { retryable: true, retryAfterMs })
    this.atMostMs = Math.max(0, atMostMs)
  }
}
