import type { Mutation } from '../mutation.ts'

const KEYS = ['test/integration/upstream-keys.test.ts']
const SEAL_RULES = ['test/unit/seal.test.ts']
const BREAKER_RULES = ['test/unit/breaker.test.ts']

const HEADER = 'src/adapters/http/upstream-key.ts'
const STATE = 'src/generation/state/upstream-keys.ts'
const INSERT = 'src/generation/state/insert-or-requeue.ts'
const ATTEMPTS = 'src/generation/run/attempts.ts'
const CALL = 'src/generation/run/call-provider.ts'
const RETRY = 'src/generation/submit/retry-generations.ts'
const RESOLVE = 'src/generation/submit/resolve-request.ts'
const PASS = 'src/features/gateway/gemini/pass-through.ts'
const CALLS = 'src/features/gateway/calls.ts'

/** What keeps callers' own keys for the provider, and who pays. */
export const upstreamKeys: readonly Mutation[] = [
  {
    name: 'own key: it is what is called with',
    why: 'what a caller was to pay for is paid for by the server',
    file: 'src/adapters/providers/gemini.ts',
    find: 'apiKey === undefined ? own : new GoogleGenerativeAI(apiKey)',
    replace: 'own',
    tests: KEYS,
  },
  {
    name: 'own key: never the server’s in its place',
    why: 'a key that is kept no more is replaced by the server’s',
    file: STATE,
    find: "if (key === undefined) throw upstreamKeyRequired('is not kept any more')",
    replace: '',
    tests: KEYS,
  },
  {
    name: 'own key: asked again without',
    why: 'a retry has the server pay for what a caller was to pay for',
    file: RETRY,
    find: 'return upstreamAccount === null ? undefined : upstreamKeyRequired()',
    replace: 'return undefined',
    tests: KEYS,
  },
  {
    name: 'own key: asked again with',
    why: 'a key that is brought with a retry is left aside',
    file: RETRY,
    find: '  ...(upstreamKey !== undefined && sealUpstreamKey(seal, upstreamKey, row)),\n',
    replace: '',
    tests: KEYS,
  },
  {
    name: 'own key: who pays is of the newest asking',
    why: 'a key that is asked with again pays for nothing',
    file: INSERT,
    find: 'upstream_account = excluded.upstream_account,',
    replace: '',
    tests: KEYS,
  },
  {
    name: 'own key: nothing is held',
    why: 'callers who pay themselves are stopped by the server’s budgets',
    file: ATTEMPTS,
    find: 'case when upstream_account is null then ${',
    replace: 'case when true then ${',
    tests: KEYS,
  },
  {
    name: 'own key: whose call it is',
    why: 'the books have calls that others pay for',
    file: ATTEMPTS,
    find: "case when is_ours then 'server' else 'caller' end",
    replace: "'server'",
    tests: KEYS,
  },
  {
    name: 'own key: a submission is not stopped',
    why: 'callers who pay themselves are refused at the server’s budgets',
    file: RESOLVE,
    find: 'upstreamKey === undefined ? findListPriceNanoUsd(deps.providers.models, model, imageSize) : 0',
    replace: 'findListPriceNanoUsd(deps.providers.models, model, imageSize)',
    tests: KEYS,
  },
  {
    name: 'own key: its form',
    why: 'whatever comes in a header is sealed, kept and sent on',
    file: HEADER,
    find: '  if (!KEY.test(key)) throw',
    replace: '  if (key === undefined) throw',
    tests: KEYS,
  },
  {
    name: 'own key: whether it may come',
    why: 'keys are taken where the operator wants none',
    file: HEADER,
    find: "ruleOf(principalOf(res)) === 'off') throw notAllowed()",
    replace: 'false) throw notAllowed()',
    tests: KEYS,
  },
  {
    name: 'own key: whether it must come',
    why: 'the server pays for who is to pay alone',
    file: HEADER,
    find: 'if (payer.upstreamKey === undefined && isRequired(res)) throw upstreamKeyRequired()',
    replace: '',
    tests: KEYS,
  },
  {
    name: 'own key: saved items',
    why: 'the server pays ahead of need for who is to pay alone',
    file: 'src/features/saved-items/routes.ts',
    find: '      assertServerPays(res.req, res)\n',
    replace: '',
    tests: KEYS,
  },
  {
    name: 'own key: a failure repeats it',
    why: 'what the provider wrote is carried on with the error',
    file: 'src/adapters/providers/gemini.ts',
    find: 'if (apiKey !== undefined) failure.cause = undefined',
    replace: '',
    tests: ['test/integration/gemini.test.ts'],
  },
  {
    name: 'own key: sealed for its place',
    why: 'a sealed key opens in the row of another generation',
    file: 'src/lib/seal.ts',
    find: "createCipheriv('aes-256-gcm', newest, iv).setAAD(Buffer.from(context))",
    replace: "createCipheriv('aes-256-gcm', newest, iv).setAAD(Buffer.from(''))",
    tests: SEAL_RULES,
  },
  {
    name: 'own key: secrets are exchanged',
    why: 'an exchange of secrets ends all that waits',
    file: 'src/lib/seal.ts',
    find: 'keys.map((key) => decipher',
    replace: 'keys.slice(0, 1).map((key) => decipher',
    tests: SEAL_RULES,
  },
  {
    name: 'own key: a mark is no digest',
    why: 'who reads the table can try keys until one fits',
    file: 'src/lib/seal.ts',
    find: "createHmac('sha256', markKey)",
    replace: "createHmac('sha256', '')",
    tests: SEAL_RULES,
  },
  {
    name: 'own key: a breaker of its own',
    why: 'one caller’s key keeps calls from everybody',
    file: 'src/adapters/providers/breaker.ts',
    find: 'const own = upstreamAccount ? ofCallers : circuits',
    replace: 'const own = circuits',
    tests: BREAKER_RULES,
  },
  {
    name: 'own key: its limits are its own',
    why: 'one caller’s quota holds back everybody',
    file: 'src/generation/run/buy.ts',
    find: 'account: upstreamAccount ?? callee.provider.account',
    replace: 'account: callee.provider.account',
    tests: KEYS,
  },
  {
    name: 'own key: told at once',
    why: 'who waits is not told that a key has no quota left',
    file: 'src/generation/run/retry-policy.ts',
    find: 'if (isQuotaOfWaiting(row, failure)) return undefined',
    replace: '',
    tests: KEYS,
  },
  {
    name: 'own key: no alert',
    why: 'one wrong key of a caller’s wakes the operators',
    file: 'src/features/analytics/window.ts',
    find: "coalesce(data->>'errorCode', '') <> all(",
    replace: "coalesce(null, '') <> all(",
    tests: KEYS,
  },
  {
    name: 'own key: a provider that takes none',
    why: 'a provider that knows no such keys is called with the server’s',
    file: CALL,
    find: 'if (key === undefined || provider.takesKeys) return key',
    replace: 'if (true) return key',
    tests: ['test/integration/run-generation.test.ts'],
  },
  {
    name: 'handed on: with the caller’s own key',
    why: 'what a caller was to pay for is paid for by the server',
    file: PASS,
    find: '{ ...call.request, apiKey }',
    replace: 'call.request',
    tests: KEYS,
  },
  {
    name: 'handed on: nothing is held',
    why: 'calls that others pay for count for the server’s budgets',
    file: CALLS,
    find: "billedTo === 'caller' ? 0 : heldNanoUsd",
    replace: 'heldNanoUsd',
    tests: KEYS,
  },
]
