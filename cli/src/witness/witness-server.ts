import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import {
  ADD_CHECKPOINT_BYTES_MAX,
  cosignText,
  joinNote,
  judgeAddCheckpoint,
  parseAddCheckpoint,
  parseNote,
  verifyNote,
} from '@bulkhead/tlog'
import type { VerifierKey } from '@bulkhead/tlog'
import type { WitnessState } from './witness-state.ts'

const REQUEST_MS = 10_000
const CONNECTIONS_MAX = 256

export interface WitnessServerDeps {
  readonly state: WitnessState
  /** Keys of the logs that it witnesses; the name of a key is the origin of its log. */
  readonly logs: readonly VerifierKey[]
  readonly nowMs: () => number
  /** Told of every answer. */
  readonly onAnswer: (status: number, what: string) => void
}

/**
 * A witness (C2SP tlog-witness): `POST /add-checkpoint` and `GET /<origin hash>/checkpoint`. Judging and remembering happen without a
 * pause between, so that of two requests the second sees what the first has stored.
 */
export function createWitnessServer(deps: WitnessServerDeps): Server {
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
    (request, response) => {
      handle(deps, request, response).catch(() => {
        if (!response.headersSent)
          answer(deps, response, 500, 'the witness cannot store its state\n', 'failed')
      })
    },
  )
  server.maxConnections = CONNECTIONS_MAX
  return server
}

async function handle(
  deps: WitnessServerDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? ''
  const known = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path)
  if (known !== null && request.method === 'GET') {
    const note = deps.state.noteOf(known[1] ?? '')
    return note === null
      ? answer(deps, response, 404, 'this log was never cosigned here\n', 'checkpoint')
      : answer(deps, response, 200, note, 'checkpoint')
  }
  if (path !== '/add-checkpoint') return answer(deps, response, 404, 'POST /add-checkpoint\n', path)
  if (request.method !== 'POST') return answer(deps, response, 405, 'POST /add-checkpoint\n', path)
  const body = await bodyOf(request)
  if (body === null) return answer(deps, response, 413, 'the request is too long\n', 'add-checkpoint')
  const verdict = judgeAddCheckpoint(body, deps.logs, (origin) => deps.state.recall(origin))
  if (verdict.status === 409) {
    response.setHeader('content-type', 'text/x.tlog.size')
    return answer(deps, response, 409, `${verdict.size}\n`, `it knows ${verdict.size} entries`)
  }
  if (verdict.status !== 200)
    return answer(deps, response, verdict.status, `${verdict.problem}\n`, verdict.problem)
  const { checkpoint, text } = verdict
  const cosignature = cosignText(text, deps.state.signer, Math.floor(deps.nowMs() / 1000))
  const keys = deps.logs.filter((key) => key.name === checkpoint.origin)
  const signed = verifyNote(parseNote(parseAddCheckpoint(body).note), keys).map((item) => item.signature.line)
  deps.state.remember(checkpoint.origin, joinNote(text, [...signed, cosignature]))
  answer(deps, response, 200, `${cosignature}\n`, `${checkpoint.origin} ${checkpoint.size}`)
}

function answer(
  deps: WitnessServerDeps,
  response: ServerResponse,
  status: number,
  body: string,
  what: string,
): void {
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.writeHead(status).end(body)
  deps.onAnswer(status, what)
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > ADD_CHECKPOINT_BYTES_MAX) return null
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}
