import { createHash } from 'node:crypto'
import { colourOf } from '../support/gemini-answers.ts'
import type { GeminiBehaviour } from '../support/gemini-behaviour.ts'
import { type GeminiCall, startGeminiServer } from '../support/gemini-server.ts'

export type Behave = (call: GeminiCall) => GeminiBehaviour | Promise<GeminiBehaviour>

/**
 * The provider's stand-in, which counts every call. Its picture is a function of the prompt, so that a picture
 * shown for another prompt is told from the right one.
 */
export const startProvider = async () => {
  const gemini = await startGeminiServer()
  const behaviours = new Map<GeminiCall, GeminiBehaviour>()
  let behave: Behave = (call) => pictureOf(call.prompt)
  gemini.behave(async (call) => {
    const behaviour = await behave(call)
    behaviours.set(call, behaviour)
    return behaviour
  })

  return {
    url: gemini.url,
    calls: gemini.calls,
    batches: gemini.batches,
    waitForCall: gemini.waitForCall,
    /** From now on, chosen for each call. */
    behave: (next: Behave): void => {
      behave = next
    },
    /** What it did with a call; undefined while that is not decided. */
    behaviourOf: (call: GeminiCall): GeminiBehaviour | undefined => behaviours.get(call),
    /** Whether it may put the call on the bill. */
    isCharged: (call: GeminiCall): boolean => {
      const behaviour = behaviours.get(call)
      return behaviour === undefined || mayHaveCharged(behaviour)
    },
    close: gemini.close,
  }
}

/** After `afterMs` the picture of this prompt. */
export const pictureOf = (prompt: string, afterMs = 0): GeminiBehaviour => {
  const picture: GeminiBehaviour = { kind: 'image', number: pictureNumberOf(prompt) }
  // biome-ignore lint/suspicious/noThenProperty: the stand-in's own word, and no function
  return afterMs > 0 ? { kind: 'delay', ms: afterMs, then: picture } : picture
}

export const pictureColourOf = (prompt: string) => colourOf(pictureNumberOf(prompt))

/** As many as there are colours. */
const pictureNumberOf = (prompt: string): number =>
  createHash('sha256').update(prompt).digest().readUInt16BE()

const FREE: ReadonlySet<GeminiBehaviour['kind']> = new Set([
  'rate_limited',
  'overloaded',
  'bad_request',
  'key_invalid',
  'forbidden',
  'not_found',
  'prompt_blocked',
])

/** All but what the provider turns away, as it says itself. */
export const mayHaveCharged = (behaviour: GeminiBehaviour): boolean =>
  behaviour.kind === 'delay' && behaviour.then
    ? mayHaveCharged(behaviour.then)
    : !FREE.has(behaviour.kind)
