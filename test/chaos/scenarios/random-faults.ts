import type { GeminiBehaviour } from '../../support/gemini-behaviour.ts'
import { type Behave, mayHaveCharged, pictureOf } from '../provider.ts'
import { pickFrom } from '../random.ts'

const FAULT_RATE = 0.1
const MAX_CALL_MS = 400

const FAULTS: readonly GeminiBehaviour[] = [
  { kind: 'overloaded' },
  { kind: 'reset_before_response' },
  { kind: 'reset_mid_body' },
  { kind: 'hang' },
  { kind: 'stalled_body' },
  { kind: 'server_error' },
  { kind: 'bad_gateway' },
  { kind: 'gateway_timeout' },
]

/** One call in ten fails, in one way or another; the others take their time. */
export const createFaults = (random: () => number) => {
  const made: GeminiBehaviour[] = []
  const behave: Behave = ({ prompt }) => {
    const fault = random() < FAULT_RATE ? pickFrom(random, FAULTS) : undefined
    if (!fault) return pictureOf(prompt, 1 + random() * MAX_CALL_MS)
    made.push(fault)
    return fault
  }
  return {
    behave,
    countAll: () => made.length,
    countCharged: () => made.filter(mayHaveCharged).length,
  }
}
