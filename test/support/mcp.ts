import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { buildProgram } from './build-programs.ts'

// The SDK's import of `node:process` opens it, and would keep a test's process alive by it.
process.stdin.unref()

type CallOptions = Parameters<Client['callTool']>[2]

/** `imageonce mcp` as a process of its own, and the SDK's client before it. */
export const startMcp = async (env: Record<string, string>) => {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [await buildProgram('src/cli'), 'mcp'],
    env,
    stderr: 'pipe',
  })
  let log = ''
  transport.stderr?.on('data', (chunk) => {
    log += chunk
  })
  const client = new Client({ name: 'a-host', version: '1.0.0' })
  await client.connect(transport)

  /** What a tool answers: its text, its picture, and whether it is an error. */
  const call = async (name: string, args: Record<string, unknown>, options?: CallOptions) => {
    const answer = await client.callTool({ name, arguments: args }, undefined, options)
    return readAnswer(answer as CallToolResult)
  }
  return { client, call, log: () => log, close: () => client.close() }
}

export const readAnswer = ({ content, isError = false }: CallToolResult) => {
  const [text, ...others] = content.flatMap((part) => (part.type === 'text' ? part.text : []))
  const images = content.filter((part) => part.type === 'image')
  const find = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(text ?? '')?.[1] ?? ''
  return { text: text ?? '', others, image: images[0], isError, id: find('id'), url: find('url') }
}
