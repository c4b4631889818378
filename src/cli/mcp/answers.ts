import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { ImageonceError } from '../../client/error.ts'
import { AppError, StartError } from '../../lib/errors.ts'

/*
 * Answers have content alone: of one with structured content besides, several hosts show their model that and leave out the picture.
 */

export const toText = (...lines: (string | false | undefined)[]): CallToolResult => ({
  content: [{ type: 'text', text: lines.filter(Boolean).join('\n') }],
})

export const toJson = (value: object): CallToolResult => toText(JSON.stringify(value, null, 1))

/** What a tool answers, or why it can't, in words that the model can act on. What is nobody's to expect is thrown on. */
export const answerOrExplain = async (
  url: string,
  answer: () => Promise<CallToolResult>,
): Promise<CallToolResult> => {
  try {
    return await answer()
  } catch (error) {
    if (error instanceof ImageonceError) return explainFailure(url, error)
    if (error instanceof AppError || error instanceof StartError) return toError(error.message)
    throw error
  }
}

export const explainFailure = (
  url: string,
  { code, message, retryable }: { code: string; message: string; retryable: boolean },
): CallToolResult => {
  if (code === 'unreachable') {
    return toError(
      `No imageonce server answers at ${url}. Start one (npx imageonce start), or set IMAGEONCE_URL where this MCP server is set up.`,
    )
  }
  if (code === 'unauthenticated') {
    return toError(
      `${message} (${code}) Set IMAGEONCE_TOKEN where this MCP server is set up, to a key: npx imageonce keys create --name assistant --owner NAME`,
    )
  }
  const help = retryable
    ? 'The same call may succeed later.'
    : 'The same call will not succeed: change it, or tell the user.'
  return toError(`${message} (${code}) ${help}`)
}

const toError = (text: string): CallToolResult => ({ ...toText(text), isError: true })
