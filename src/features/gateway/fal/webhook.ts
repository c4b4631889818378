import type { Database } from '../../../../db/database.ts'
import type { RequestWebhookRow } from '../../../../db/schema.ts'
import { isTerminal } from '../../../contract/vocabulary.ts'
import type { Urls } from '../../../generation/read/present.ts'
import { findGenerations, type GenerationWithImage } from '../../../generation/state/repository.ts'
import { describeFailure } from './failure.ts'
import { describeOutput } from './pictures.ts'
import { parseRequestId } from './request-id.ts'
import type { FalSigner } from './signing.ts'

/** The name of this dialect where webhooks are kept. */
export const FAL = 'fal'

type Deps = { db: Database; urls: Urls; signer: FalSigner }

/** How fal's webhooks tell of the end of a request: what they say, and how it is signed. */
export const createFalWebhooks = ({ db, urls, signer }: Deps) => {
  /** Undefined where the request has not ended. */
  const describe = async (row: RequestWebhookRow): Promise<string | undefined> => {
    const rows = await findInOrder(db, row)
    if (!rows.every(({ status }) => isTerminal(status))) return undefined
    const { requestId } = row
    const ids = { request_id: requestId, gateway_request_id: requestId }
    const succeeded = rows.filter(({ status }) => status === 'succeeded')
    if (succeeded.length > 0) {
      const outputFormat = parseRequestId(requestId)?.outputFormat
      const payload = await describeOutput(db, succeeded, { urls, outputFormat })
      return JSON.stringify({ ...ids, status: 'OK', payload })
    }
    const { status, body } = describeFailure(rows[0] ?? GONE)
    const error = `Invalid status code: ${status}`
    return JSON.stringify({ ...ids, status: 'ERROR', error, payload: body })
  }
  /** A header has no room for every name. */
  const sign = ({ requestId, ownerId }: RequestWebhookRow, told: { body: string; at: Date }) =>
    signer.signWebhook({ requestId, userId: encodeURIComponent(ownerId), ...told })
  return { describe, sign }
}

const GONE = { status: 'failed', errorCode: 'not_found', errorMessage: 'It is gone.' } as const

/** Those that are still there. */
const findInOrder = async (
  db: Database,
  { ownerId, generationIds }: RequestWebhookRow,
): Promise<GenerationWithImage[]> => {
  const found = await findGenerations(db, generationIds)
  return generationIds.flatMap(
    (id) => found.find((each) => each.id === id && each.ownerId === ownerId) ?? [],
  )
}
