import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { answerOf, errorOf, type GeminiBody, makeImage } from './gemini-answers.ts'
import { createFilesStandIn, send } from './gemini-files.ts'

/** A request of a batch. */
export type BatchRequest = { key: string; body: GeminiBody; prompt: string; index: number }

type State = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'EXPIRED'

export type StandInBatch = {
  name: string
  displayName: string
  model: string
  requests: BatchRequest[]
  state: State
  responsesFile: string | undefined
}

export type BatchBehaviour = {
  /** What creating comes to; `taken` unless said. `hang`: it is taken, and no answer comes. */
  create?:
    | 'taken'
    | 'taken_and_503'
    | 'taken_and_reset'
    | 'hang'
    | { status: number; word?: string }
  /** How many times in a row the above holds; for ever unless said. */
  createTimes?: number
  /** Stays running until `finish`. */
  isHeld?: boolean
  end?: 'SUCCEEDED' | 'FAILED' | 'EXPIRED'
  /**
   * The line of a request, as it is or as JSON; undefined for none, and `image` for what is made of it otherwise. It is one line unless
   * it is several.
   */
  lineOf?: (request: BatchRequest) => 'image' | undefined | string | object | (string | object)[]
  isReversed?: boolean
}

const FIRST_IMAGE = 20_000
/** Fewer than anybody asks for, so that lists have pages. */
const PAGE = 2

/** Google's batch jobs, with a bill of their own: what each line that brings an image costs is counted. */
export const createBatchStandIn = (apiKey: string) => {
  const files = createFilesStandIn()
  const batches = new Map<string, StandInBatch>()
  /** All that were ever created, the deleted ones too. */
  const created: StandInBatch[] = []
  let behaviour: BatchBehaviour = {}
  let creations = 0
  let images = 0
  let lists = 0

  const create = async (request: IncomingMessage, response: ServerResponse, model: string) => {
    const { batch } = (await json(request)) as {
      batch: { displayName: string; inputConfig: { fileName: string } }
    }
    creations++
    const isOver = creations > (behaviour.createTimes ?? Number.POSITIVE_INFINITY)
    const how = isOver ? 'taken' : (behaviour.create ?? 'taken')
    if (typeof how === 'object') {
      const { status, word = 'FAILED_PRECONDITION' } = how
      return send(response, status, errorOf(status, word, 'No batch for you.'))
    }
    const file = files.find(batch.inputConfig.fileName)
    if (!file) return send(response, 404, errorOf(404, 'NOT_FOUND', 'No such file'))
    const made: StandInBatch = {
      name: `batches/${created.length + 1}x`,
      displayName: batch.displayName,
      model,
      requests: parseRequests(file.bytes),
      state: 'PENDING',
      responsesFile: undefined,
    }
    batches.set(made.name, made)
    created.push(made)
    if (how === 'taken_and_503') {
      return send(response, 503, errorOf(503, 'UNAVAILABLE', 'The service is unavailable.'))
    }
    if (how === 'taken_and_reset') return void response.socket?.resetAndDestroy()
    if (how === 'taken') send(response, 200, describe(made))
  }

  const finish = async (batch: StandInBatch, state: State): Promise<void> => {
    const wanted = behaviour.isReversed ? [...batch.requests].reverse() : batch.requests
    const lines: string[] = []
    for (const request of wanted) {
      const made = behaviour.lineOf ? behaviour.lineOf(request) : 'image'
      const line = made === 'image' ? await imageLine(request) : made
      const several = Array.isArray(line) ? line : line === undefined ? [] : [line]
      lines.push(...several.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))))
    }
    batch.state = state
    if (lines.length === 0 || state === 'FAILED') return
    batch.responsesFile = `files/batch-${batch.name.replace(/\W+/g, '')}`
    files.put(batch.responsesFile, Buffer.from(`${lines.join('\n')}\n`))
  }

  const imageLine = async ({ key, body }: BatchRequest) => {
    images++
    return { key, response: answerOf([await makeImage(FIRST_IMAGE + images, body)]) }
  }

  const look = async (batch: StandInBatch) => {
    if (batch.state === 'PENDING') batch.state = 'RUNNING'
    else if (batch.state === 'RUNNING' && !behaviour.isHeld) {
      await finish(batch, behaviour.end ?? 'SUCCEEDED')
    }
  }

  const list = (response: ServerResponse, token: string | null) => {
    lists++
    const from = Number(token ?? 0)
    const all = [...batches.values()].reverse()
    const page = all.slice(from, from + PAGE)
    const next = from + PAGE < all.length ? String(from + PAGE) : undefined
    send(response, 200, {
      ...(page.length > 0 && { operations: page.map(describe) }),
      ...(next && { nextPageToken: next }),
    })
  }

  const answerOne = async (
    method: string,
    verb: string,
    batch: StandInBatch,
    response: ServerResponse,
  ) => {
    if (verb === ':cancel' && method === 'POST') {
      if (batch.state === 'PENDING' || batch.state === 'RUNNING') await finish(batch, 'CANCELLED')
      return send(response, 200, {})
    }
    if (method === 'DELETE') {
      batches.delete(batch.name)
      return send(response, 200, {})
    }
    await look(batch)
    send(response, 200, describe(batch))
  }

  /** True where the request was one for batches or files. */
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const { method = '', url = '', headers } = request
    const { pathname, searchParams } = new URL(url, 'http://here')
    const model = /^\/v1beta\/models\/([^/:]+):batchGenerateContent$/.exec(pathname)?.[1]
    const one = /^\/v1beta\/(batches\/[^/:]+)(:cancel)?$/.exec(pathname)
    const isList = pathname === '/v1beta/batches'
    const isFile = /\/v1beta\/files\b/.test(pathname)
    if (!model && !one && !isList && !isFile) return false
    if (headers['x-goog-api-key'] !== apiKey) {
      send(response, 400, errorOf(400, 'INVALID_ARGUMENT', 'API key not valid.'))
    } else if (isFile) await files.answer(request, response)
    else if (model) await create(request, response, model)
    else if (isList) list(response, searchParams.get('pageToken'))
    else {
      const batch = batches.get(one?.[1] ?? '')
      if (batch) await answerOne(method, one?.[2] ?? '', batch, response)
      else send(response, 404, errorOf(404, 'NOT_FOUND', 'No such batch'))
    }
    return true
  }

  return {
    answer,
    files,
    /** All that were created, in order. */
    created: created as readonly StandInBatch[],
    /** How many there are yet. */
    countKept: () => batches.size,
    /** How often one was asked for, taken or not. */
    countCreations: () => creations,
    countLists: () => lists,
    /** What is on the bill: images that were made in batches. */
    countImages: () => images,
    behave: (next: BatchBehaviour) => {
      behaviour = next
      creations = 0
    },
    /** Ends what is held. */
    finishAll: async (state: State = 'SUCCEEDED') => {
      behaviour = { ...behaviour, isHeld: false }
      for (const batch of batches.values()) {
        if (batch.state === 'PENDING' || batch.state === 'RUNNING') await finish(batch, state)
      }
    },
    /** As if it had never been. */
    forget: (name: string) => batches.delete(name),
    /** One of somebody else. */
    addOther: (displayName: string) => {
      const name = `batches/other-${batches.size}`
      batches.set(name, {
        ...{ name, displayName, model: 'm', requests: [] },
        ...{ state: 'SUCCEEDED', responsesFile: undefined },
      })
    },
    reset: () => {
      files.reset()
      batches.clear()
      created.length = 0
      behaviour = {}
      creations = 0
      images = 0
      lists = 0
    },
  }
}

const parseRequests = (bytes: Buffer): BatchRequest[] =>
  bytes
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const { key, request } = JSON.parse(line) as { key: string; request: GeminiBody }
      const texts = request.contents.flatMap(({ parts }) =>
        parts.flatMap((part) => part.text ?? []),
      )
      return { key, body: request, prompt: texts.join('\n'), index }
    })

const describe = ({ name, displayName, model, state, responsesFile, requests }: StandInBatch) => {
  const isDone = state !== 'PENDING' && state !== 'RUNNING'
  return {
    name,
    metadata: {
      '@type': 'type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch',
      name,
      displayName,
      model: `models/${model}`,
      state: `BATCH_STATE_${state}`,
      batchStats: { requestCount: String(requests.length) },
      ...(responsesFile && { output: { responsesFile } }),
    },
    ...(isDone && { done: true, ...(responsesFile && { response: { responsesFile } }) }),
  }
}
