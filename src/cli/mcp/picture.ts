import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import type { GenerationResult } from '../../client/result.ts'
import type { Generation } from '../../contract/generation.ts'
import { isTerminal } from '../../contract/status.ts'
import { messageOf } from '../../lib/errors.ts'
import { explainFailure, toText } from './answers.ts'
import { loadPreview, PREVIEW_WIDTH } from './preview.ts'
import { describeState } from './progress.ts'

/** A picture with what it cost and where it is; or that it is still being made; or why there is none. */
export const answerPicture = async (
  url: string,
  result: GenerationResult,
  { paid, signal }: { paid: string; signal: AbortSignal },
): Promise<CallToolResult> => {
  if (!isTerminal(result.status) && !result.error) return answerUnfinished(result)
  if (result.status !== 'succeeded') return explainFailure(url, reasonOf(result))
  const facts = describeFacts(result, paid)
  try {
    const preview = await loadPreview(url, result.imageUrl, signal)
    const { content } = toText(...facts, `Below: a preview, ${PREVIEW_WIDTH} pixels wide at most.`)
    return { content: [...content, preview] }
  } catch (error) {
    signal.throwIfAborted()
    // It is there and paid for; only this look at it failed.
    return toText(...facts, `The picture is not shown here: ${messageOf(error)}.`)
  }
}

const answerUnfinished = (result: GenerationResult): CallToolResult =>
  toText(
    `It is still being made (${describeState(result)}). Nothing is lost: call show_image with this id in a while. The same call again joins it, and is not paid twice.`,
    result.id && `id: ${result.id}`,
  )

const reasonOf = ({ status, error }: GenerationResult) =>
  error ?? { code: status, message: `The generation is ${status}.`, retryable: true }

const describeFacts = (result: GenerationResult, paid: string) => [
  paid,
  `url: ${result.imageUrl}`,
  `id: ${result.id}`,
  `pixels: ${result.width} x ${result.height}`,
  `model: ${result.model}`,
  result.reuse?.prompt && `made for the similar prompt: ${result.reuse.prompt}`,
  result.said && `the model said: ${result.said}`,
  result.note && `note: ${result.note}`,
]

/** What this very call has cost. */
export const describePayment = ({ isExisting, reuse, costUsd = 0 }: GenerationResult): string => {
  if (!isExisting) return `Made and paid for: ${formatUsd(costUsd)}.`
  const saved = reuse ? `, ${formatUsd(reuse.savedUsd)} saved` : ''
  if (reuse?.source === 'joined') {
    return `Joined: it was being made already, so this call paid nothing${saved}.`
  }
  return `Reused: it was there already, so this call paid nothing${saved}.`
}

/** What it has cost whoever asked for it first. */
export const describeCost = ({ costUsd = 0 }: Generation): string =>
  `Looking costs nothing; making it has cost ${formatUsd(costUsd)}.`

export const formatUsd = (usd: number): string => `$${usd.toFixed(4)}`
