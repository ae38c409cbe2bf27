import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startSinkProcess } from '../../../bench/sink-process.ts'
import type { SinkProcess } from '../../../bench/sink-process.ts'
import { makeDirectory } from '../support/cluster.ts'

export interface JournalLine {
  readonly timeMs: number
  readonly id: string
  readonly recipient: string
}

export interface SinkMessage {
  readonly from: string
  readonly recipients: readonly string[]
  readonly raw: Buffer
}

export interface JournallingSink extends SinkProcess {
  /** Every recipient that was answered 250, in order. */
  journal(): JournalLine[]
  /** The last messages, oldest first; only those kept. */
  messages(last?: number): Promise<SinkMessage[]>
}

/** The other side of the product: a sink in a process of its own that writes down every recipient before it answers 250. */
export async function startJournallingSink(keep = 0): Promise<JournallingSink> {
  const directory = makeDirectory('sink')
  const path = join(directory, 'journal')
  const sink = await startSinkProcess(['--journal', path, '--keep', String(keep)])
  return {
    ...sink,
    journal: () => parseJournal(readFileSync(path, 'utf8')),
    async messages(last = 100) {
      const answer = await fetch(`http://127.0.0.1:${sink.controlPort}/messages?last=${last}`)
      const kept: { from: string; recipients: string[]; rawBase64: string }[] = JSON.parse(
        await answer.text(),
      )
      return kept.map(({ from, recipients, rawBase64 }) => ({
        from,
        recipients,
        raw: Buffer.from(rawBase64, 'base64'),
      }))
    },
    async [Symbol.asyncDispose]() {
      await sink[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export function parseJournal(text: string): JournalLine[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [timeMs = '', id = '', recipient = ''] = line.split('\t')
      return { timeMs: Number(timeMs), id, recipient }
    })
}
