import { setTimeout as delay } from 'node:timers/promises'
import { isProviderError } from '../../lib/errors.ts'
import { type Line, splitLines } from '../../lib/split-lines.ts'
import type { GeminiRest } from './gemini-rest.ts'
import { isAbsent, StatusError } from './gemini-rest.ts'
import { createProviderError } from './provider-error.ts'

/** Google takes chunks in multiples of 256 KiB (ai.google.dev/api/files, "resumable"). */
const CHUNK_BYTES = 8 * 1024 * 1024
/** A picture of 4K in base64 takes some 30 MB, and an answer may have several. */
const MAX_LINE_BYTES = 256 * 1024 * 1024
/** Of a download, with no line between them. */
const MAX_CUTS = 4
const CUT_WAIT_MS = 500

/** The Files API, as far as batches need it. Throws as `createGeminiRest` does. */
export const createGeminiFiles = (rest: GeminiRest) => {
  /** Safe to repeat: one of the same name is replaced, so that none is left behind. */
  const upload = async (
    name: string,
    lines: AsyncIterable<string>,
    signal: AbortSignal,
  ): Promise<void> => {
    const path = await start(name, signal)
    let offset = 0
    const send = async (bytes: Buffer<ArrayBuffer>, isLast: boolean) => {
      const headers = {
        'x-goog-upload-offset': String(offset),
        'x-goog-upload-command': isLast ? 'upload, finalize' : 'upload',
      }
      await rest.call(path, { method: 'POST', bytes, headers }, signal)
      offset += bytes.length
    }
    let pending = Buffer.alloc(0)
    for await (const line of lines) {
      pending = Buffer.concat([pending, Buffer.from(`${line}\n`)])
      for (; pending.length > CHUNK_BYTES; pending = pending.subarray(CHUNK_BYTES)) {
        await send(pending.subarray(0, CHUNK_BYTES), false)
      }
    }
    await send(pending, true)
  }

  const start = async (name: string, signal: AbortSignal): Promise<string> => {
    const request = {
      method: 'POST' as const,
      json: { file: { name, displayName: name, mimeType: 'application/jsonl' } },
      headers: {
        'x-goog-upload-protocol': 'resumable',
        'x-goog-upload-command': 'start',
        'x-goog-upload-header-content-type': 'application/jsonl',
      },
    }
    const ask = () => rest.call('upload/v1beta/files', request, signal)
    const { headers } = await ask().catch(async (error: unknown) => {
      if (!isTaken(error)) throw error
      await remove(name, signal)
      return ask()
    })
    const url = headers.get('x-goog-upload-url')
    if (!url) {
      throw createProviderError('ambiguous', 'The image provider does not say where a file goes.')
    }
    // Where it is sent is ours to say: the prompts and the key go nowhere else.
    const { pathname, search } = new URL(url, 'http://here')
    return `${pathname.slice(1)}${search}`
  }

  /** Deleting what is not there succeeds. */
  const remove = async (name: string, signal: AbortSignal): Promise<void> => {
    await rest.call(`v1beta/${name}`, { method: 'DELETE' }, signal).catch((error: unknown) => {
      if (!isAbsent(error)) throw error
    })
  }

  /**
   * The lines of a file, one at a time and no faster than they are taken. A download that is cut off goes on where it was; throws once
   * that was so a few times without a line between, or the provider says why not.
   */
  const readLines = async function* (name: string, signal: AbortSignal): AsyncGenerator<Line> {
    let offset = 0
    for (let cuts = 0; ; ) {
      try {
        for await (const line of download(name, offset, signal)) {
          cuts = 0
          offset += line.size
          yield line
        }
        return
      } catch (error) {
        signal.throwIfAborted()
        cuts++
        if (!isCut(error) || cuts > MAX_CUTS) throw error
      }
      await delay(CUT_WAIT_MS * cuts, undefined, { signal })
    }
  }

  const download = async function* (name: string, from: number, callerSignal: AbortSignal) {
    const controller = new AbortController()
    const signal = AbortSignal.any([callerSignal, controller.signal])
    let isIdle = false
    const giveUp = () => {
      isIdle = true
      controller.abort()
    }
    let timer = setTimeout(giveUp, rest.timeoutMs)
    try {
      const headers = from > 0 ? { range: `bytes=${from}-` } : {}
      const response = await rest.open(
        `download/v1beta/${name}:download?alt=media`,
        { headers },
        signal,
      )
      if (!response.body) return
      // A server that knows no ranges sends all of it.
      let skipped = response.status === 206 ? from : 0
      const chunks = async function* () {
        for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
          clearTimeout(timer)
          const left = chunk.subarray(Math.min(chunk.length, from - skipped))
          skipped += chunk.length - left.length
          if (left.length > 0) yield left
          timer = setTimeout(giveUp, rest.timeoutMs)
        }
      }
      yield* splitLines(chunks(), MAX_LINE_BYTES)
    } catch (error) {
      callerSignal.throwIfAborted()
      if (isProviderError(error)) throw error
      const message = isIdle ? 'The results came no further.' : 'The results were cut off.'
      throw createProviderError('ambiguous', message, { cause: error })
    } finally {
      clearTimeout(timer)
      controller.abort()
    }
  }

  return { upload, remove, readLines }
}

/** 409 ALREADY_EXISTS. */
const isTaken = (error: unknown): boolean =>
  (error as { cause?: unknown }).cause instanceof StatusError &&
  (error as { cause: StatusError }).cause.status === 409

/** A connection that broke; an answer with a status says what it means. */
const isCut = (error: unknown): boolean =>
  isProviderError(error) && !(error.cause instanceof StatusError)
