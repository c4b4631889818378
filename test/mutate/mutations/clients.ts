import type { Mutation } from '../mutation.ts'

const MCP = ['test/unit/mcp.test.ts']

/** What keeps assistants and components, which ask more often than they mean to, from paying for it. */
export const clients: readonly Mutation[] = [
  {
    name: 'assistants: another picture only where it is asked for',
    why: 'every call of an assistant pays',
    file: 'src/cli/mcp/ask.ts',
    find: 'skipExistingCheck: another',
    replace: 'skipExistingCheck: true',
    tests: MCP,
  },
  {
    name: 'assistants: files that are no pictures stay where they are',
    why: 'an assistant that was talked into it sends any file of its user to a server',
    file: 'src/cli/mcp/read-image.ts',
    find: "if ((await recognizeType(bytes)).startsWith('image/')) return bytes",
    replace: 'if (await recognizeType(bytes)) return bytes',
    tests: MCP,
  },
  {
    name: 'components: what is declared can’t buy',
    why: 'a component pays each time that it is mounted',
    file: 'src/react/use-generation.ts',
    find: 'if ((request as GenerationRequestInput).skipExistingCheck) {',
    replace: 'if (!request) {',
    tests: ['test/unit/react-on-a-server.test.tsx'],
  },
  {
    name: 'components: one call however often they are mounted',
    why: 'StrictMode, and every list that is drawn anew, asks once more each time',
    file: 'src/react/asking.ts',
    find: 'if (request && !isAsked) void ask(request)',
    replace: 'if (request) void ask(request)',
    tests: ['test/browser/react.test.ts'],
  },
]
