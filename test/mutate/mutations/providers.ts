import type { Mutation } from '../mutation.ts'

const ROUTES = ['test/integration/routes.test.ts']
const OPENAI = ['test/integration/openai-provider.test.ts']

/** Who is called, and never two of them for one picture. */
export const providers: Mutation[] = [
  {
    name: 'route: bound to who may have charged',
    why: 'a call that was cut off is bought again at another provider',
    file: 'src/generation/providers.ts',
    find: 'if (calledProvider && calledModel) return',
    replace: 'if (calledProvider === null && calledModel) return',
    tests: ROUTES,
  },
  {
    name: 'route: let go only by what is free',
    why: 'a call that was cut off is bought again at another provider',
    file: 'src/generation/run/attempts.ts',
    find: '    result.mayHaveCharged || result.isBound\n      ? called\n      : sql',
    replace: '    sql',
    tests: ROUTES,
  },
  {
    name: 'route: bound for as long as it is asked for',
    why: 'a call that was cut off is bought again at another provider, once its own was down',
    file: 'src/generation/run/attempts.ts',
    find: 'result.mayHaveCharged || result.isBound\n',
    replace: 'result.mayHaveCharged\n',
    tests: ROUTES,
  },
  {
    name: 'route: on after an outage alone',
    why: 'what one provider refuses is bought at the next',
    file: 'src/generation/run/fall-back.ts',
    find: '? outcomeRules[error.code].fallsBack',
    replace: '? true',
    tests: ROUTES,
  },
  {
    name: 'a provider that is not here',
    why: 'another provider draws, and its picture answers for the one that was asked for',
    file: 'src/generation/providers.ts',
    find: "if (provider !== 'route') return toCallee(find(provider), model)",
    replace: "if (provider !== 'route') return toCallee(find(provider) ?? list[0], model)",
    tests: ['test/integration/run-generation.test.ts'],
  },
  {
    name: 'OpenAI: no redirect',
    why: 'the key and the prompt go to whoever is named',
    file: 'src/adapters/providers/openai-ask.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    tests: ['test/integration/provider-contract.test.ts'],
  },
  {
    name: 'OpenAI: the key for its own server',
    why: 'the key goes to wherever a picture is said to be',
    file: 'src/adapters/providers/openai-pictures.ts',
    find: 'new URL(url).origin === origin',
    replace: "new URL(url).origin !== ''",
    tests: OPENAI,
  },
  {
    name: 'OpenAI: a picture that was paid for',
    why: 'a picture that could not be fetched is taken for free, and bought without end',
    file: 'src/adapters/providers/openai.ts',
    find: "createProviderError('ambiguous', 'The image was made",
    replace: "createProviderError('overloaded', 'The image was made",
    tests: OPENAI,
  },
]
