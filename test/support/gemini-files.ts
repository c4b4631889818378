import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer, json } from 'node:stream/consumers'
import { errorOf } from './gemini-answers.ts'

export type StandInFile = { name: string; displayName: string | undefined; bytes: Buffer }

/** How often, and after how many bytes, a download breaks off. */
export type Cuts = { times: number; afterBytes: number }

/** Google's Files API, as far as batches need it: uploads in parts, downloads with or without ranges, and what is left over. */
export const createFilesStandIn = () => {
  const files = new Map<string, StandInFile>()
  const uploads = new Map<string, { file: StandInFile; parts: Buffer[] }>()
  const downloads: { name: string; range: string | undefined }[] = []
  let count = 0
  let cuts: Cuts = { times: 0, afterBytes: 0 }
  let takesRanges = true
  let failure: { status: number; times: number } = { status: 503, times: 0 }

  const put = (name: string, bytes: Buffer, displayName?: string): void =>
    void files.set(name, { name, displayName, bytes })

  const startUpload = async (request: IncomingMessage, response: ServerResponse) => {
    const { file } = (await json(request)) as { file: { name?: string; displayName?: string } }
    const name = file.name ?? `files/${++count}`
    if (!/^files\/[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
      return send(response, 400, errorOf(400, 'INVALID_ARGUMENT', 'The name is not one of a file.'))
    }
    if (files.has(name)) {
      return send(response, 409, errorOf(409, 'ALREADY_EXISTS', `Requested entity already exists`))
    }
    const id = `upload-${++count}`
    uploads.set(id, {
      file: { name, displayName: file.displayName, bytes: Buffer.alloc(0) },
      parts: [],
    })
    const url = `http://${request.headers.host}/upload/v1beta/files?upload_id=${id}&upload_protocol=resumable`
    response.setHeader('x-goog-upload-url', url)
    response.setHeader('x-goog-upload-status', 'active')
    send(response, 200, {})
  }

  const continueUpload = async (request: IncomingMessage, response: ServerResponse, id: string) => {
    const upload = uploads.get(id)
    if (!upload) return send(response, 404, errorOf(404, 'NOT_FOUND', 'No such upload'))
    const had = upload.parts.reduce((sum, { length }) => sum + length, 0)
    const bytes = await buffer(request)
    if (Number(request.headers['x-goog-upload-offset']) !== had) {
      return send(response, 400, errorOf(400, 'INVALID_ARGUMENT', 'The offset is another.'))
    }
    upload.parts.push(bytes)
    const isLast = /finalize/.test(String(request.headers['x-goog-upload-command']))
    response.setHeader('x-goog-upload-status', isLast ? 'final' : 'active')
    if (!isLast) return send(response, 200, {})
    uploads.delete(id)
    put(upload.file.name, Buffer.concat(upload.parts), upload.file.displayName)
    send(response, 200, { file: { name: upload.file.name, state: 'ACTIVE' } })
  }

  const download = (request: IncomingMessage, response: ServerResponse, name: string) => {
    const { range } = request.headers
    downloads.push({ name, range })
    if (failure.times > 0) {
      failure.times--
      return send(response, failure.status, errorOf(failure.status, 'UNAVAILABLE', 'Try again.'))
    }
    const file = files.get(name)
    if (!file) return send(response, 404, errorOf(404, 'NOT_FOUND', 'No such file'))
    const from = takesRanges ? Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0) : 0
    const bytes = file.bytes.subarray(from)
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length })
    if (cuts.times === 0 || bytes.length <= cuts.afterBytes) return void response.end(bytes)
    cuts.times--
    response.write(bytes.subarray(0, cuts.afterBytes), () => {
      // What was written is on its way before the connection ends.
      setImmediate(() => response.socket?.destroy())
    })
  }

  /** True where the request was one for files. */
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const { method = '', url = '' } = request
    const { pathname, searchParams } = new URL(url, 'http://here')
    if (method === 'POST' && pathname === '/upload/v1beta/files') {
      const id = searchParams.get('upload_id')
      await (id ? continueUpload(request, response, id) : startUpload(request, response))
      return true
    }
    const downloaded = /^\/download\/v1beta\/(files\/[^/:]+):download$/.exec(pathname)?.[1]
    if (method === 'GET' && downloaded) {
      download(request, response, downloaded)
      return true
    }
    const name = /^\/v1beta\/(files\/[^/:]+)$/.exec(pathname)?.[1]
    if (!name) return false
    if (!files.has(name)) {
      const message = 'You do not have permission to access the File or it may not exist.'
      send(response, 403, errorOf(403, 'PERMISSION_DENIED', message))
    } else {
      if (method === 'DELETE') files.delete(name)
      send(response, 200, method === 'DELETE' ? {} : { name })
    }
    return true
  }

  return {
    answer,
    put,
    find: (name: string) => files.get(name),
    /** The names of all that is there. */
    list: () => [...files.keys()],
    downloads: downloads as readonly { name: string; range: string | undefined }[],
    cut: (next: Cuts) => {
      cuts = next
    },
    failDownloads: (times: number, status = 503) => {
      failure = { status, times }
    },
    ignoreRanges: () => {
      takesRanges = false
    },
    reset: () => {
      files.clear()
      uploads.clear()
      downloads.length = 0
      cuts = { times: 0, afterBytes: 0 }
      takesRanges = true
      failure = { status: 503, times: 0 }
    },
  }
}

export const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
