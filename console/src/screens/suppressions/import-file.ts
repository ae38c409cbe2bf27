import { BulkheadError, type SuppressionImport } from '@bulkhead/sdk'
import type { Api } from '../../api/client.ts'
import { pause } from '../../pause.ts'

/** What is sent at a time, in characters. */
const PART_CHARS = 256 * 1024
const TRIES = 6

/** A file, piece by piece, as text. */
export async function* piecesOf(file: Blob): AsyncGenerator<string, void> {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

/** How many lines a file has: what progress is measured against. */
export async function countLines(file: Blob, signal: AbortSignal): Promise<number> {
  let lines = 0
  let last = ''
  for await (const piece of piecesOf(file)) {
    signal.throwIfAborted()
    for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', at + 1)) lines += 1
    last = piece.at(-1) ?? last
  }
  return last === '\n' || last === '' ? lines : lines + 1
}

/**
 * Sends a file to an import from the line at which the import is, part by part, and yields the import after each. Memory holds one part. The
 * lines are taken once, so a busy server is asked again; where an answer was lost, the server says where the import is. Throws what the server
 * refuses for good, and the signal's reason.
 */
export async function* sendFile(
  api: Api,
  begun: SuppressionImport,
  file: Blob,
  signal: AbortSignal,
): AsyncGenerator<SuppressionImport, void> {
  const source = piecesOf(file)
  let rest = await behindLines(source, begun.nextLine - 1, '')
  let hasEnded = false
  let state = begun
  while (state.state === 'open') {
    signal.throwIfAborted()
    while (!hasEnded && rest.length < PART_CHARS) {
      const next = await source.next()
      if (next.done === true) hasEnded = true
      else rest += next.value
    }
    const text = rest.slice(0, PART_CHARS)
    const taken = await sendPart(api, state, text, hasEnded && text.length === rest.length, signal)
    rest =
      taken.charsTaken === null
        ? await behindLines(source, taken.import.nextLine - state.nextLine, rest)
        : rest.slice(taken.charsTaken)
    state = taken.import
    yield state
  }
}

async function sendPart(
  api: Api,
  state: SuppressionImport,
  text: string,
  isLast: boolean,
  signal: AbortSignal,
): Promise<{ readonly import: SuppressionImport; readonly charsTaken: number | null }> {
  for (let tries = 1; ; tries++) {
    try {
      return await api.suppressionImports.addLines(
        state.id,
        { fromLine: state.nextLine, text, isLast },
        { signal },
      )
    } catch (error) {
      if (!(error instanceof BulkheadError)) throw error
      if (error.status === 409) {
        const now = await api.suppressionImports.get(state.id, { signal })
        if (now.state === 'open' && now.nextLine <= state.nextLine) throw error
        return { import: now, charsTaken: null }
      }
      const isPassing = error.status === 429 || error.status === 503 || error.status === 0
      if (!isPassing || tries >= TRIES) throw error
      await pause((error.retryAfterSeconds ?? 2 ** tries / 4) * 1000, signal)
    }
  }
}

/** What is left of the source behind so many lines. */
async function behindLines(source: AsyncIterator<string>, lines: number, begin: string): Promise<string> {
  let rest = begin
  for (let left = lines; left > 0;) {
    const end = rest.indexOf('\n')
    if (end >= 0) {
      rest = rest.slice(end + 1)
      left -= 1
      continue
    }
    const next = await source.next()
    if (next.done === true) return ''
    rest = next.value
  }
  return rest
}
