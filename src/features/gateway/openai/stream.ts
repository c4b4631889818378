import type { Request, Response } from 'express'
import { createHeartbeats } from '../../../adapters/http/heartbeats.ts'
import { type DrawPlaceholder, toRatio } from '../../../adapters/http/placeholder.ts'
import { describeProblem } from '../../../adapters/http/problem.ts'
import { giveUpUnread } from '../../../adapters/http/unread-answers.ts'
import { isTerminal } from '../../../contract/vocabulary.ts'
import type { GenerationWithImage } from '../../../generation/state/repository.ts'
import type { Gateway, Wanted } from '../gateway.ts'
import { toBase64 } from '../send-answer.ts'
import { presentCompleted, presentPartial, type StreamKind } from './answer.ts'
import type { ImagesFields } from './fields.ts'
import { type HandOverDeps, handOver } from './hand-over.ts'
import { presentProblem } from './present-problem.ts'
import { NO_USAGE } from './usage.ts'

type Deps = HandOverDeps & { placeholder: DrawPlaceholder }

type Asked = { fields: ImagesFields; describe: () => Wanted[]; kind: StreamKind }

const HEARTBEAT_MS = 15_000

const HEAD = {
  'Content-Type': 'text/event-stream',
  // A proxy that compresses would hold the events back.
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
}

/**
 * Answers with server-sent events: first the placeholder of each picture that is still to be made, where the app wants partial images,
 * then each picture. What goes wrong before the first event is answered as ever, and after it as an event, which clients throw.
 */
export const createStream = (gateway: Gateway, deps: Deps) => {
  // A comment, which no client takes for an event (WHATWG HTML, "Server-sent events").
  const heartbeats = createHeartbeats<Response>((res) => res.write(':\n\n'), HEARTBEAT_MS)

  return async (req: Request, res: Response, { fields, describe, kind }: Asked): Promise<void> => {
    let stopBeating = () => {}
    const begin = async (generations: readonly GenerationWithImage[]): Promise<void> => {
      if (generations.every(({ status }) => isTerminal(status))) return
      open(res)
      stopBeating = heartbeats.add(res)
      if (!fields.partial_images) return
      for (const each of generations) {
        if (!isTerminal(each.status)) send(res, await presentPlaceholder(deps, kind, each))
      }
    }
    try {
      const answered = await gateway.ask(req, res, describe, begin)
      const generations = answered.map(({ generation }) => generation)
      const { pictures, usages } = await handOver(gateway, deps, req, res, fields, generations)
      open(res)
      for (const [at, picture] of pictures.entries()) {
        send(res, presentCompleted(kind, picture, usages[at] ?? NO_USAGE))
      }
    } catch (error) {
      if (!res.headersSent) throw error
      send(res, presentProblem(describeProblem(error, res), req).body, 'error')
    } finally {
      stopBeating()
    }
    res.end()
  }
}

const open = (res: Response): void => {
  if (res.headersSent) return
  res.locals.isStream = true
  res.writeHead(200, HEAD)
}

const send = (res: Response, event: object & { type?: string }, name = event.type): void => {
  const text = `event: ${name}\ndata: ${JSON.stringify(event)}\n\n`
  giveUpUnread(res, text.length)
  res.write(text)
}

const presentPlaceholder = async (
  { placeholder }: Deps,
  kind: StreamKind,
  { aspectRatio, imageSize, createdAt: madeAt }: GenerationWithImage,
) => {
  const { bytes, mimeType } = await placeholder('pending', toRatio(aspectRatio))
  const picture = { b64_json: toBase64(bytes), mimeType, size: 'auto', imageSize, madeAt }
  return presentPartial(kind, picture, 0)
}
