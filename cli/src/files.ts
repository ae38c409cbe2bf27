import { readFileSync, statSync, writeFileSync } from 'node:fs'
import type { Context } from './command.ts'
import { UsageError } from './failure.ts'

/** Reads a file, or standard input for `-`. Throws UsageError when it is not there, not a file, or larger than `limit` bytes. */
export async function readInput(context: Context, path: string, limit: number): Promise<Buffer<ArrayBuffer>> {
  if (path === '-') return context.input.read(limit)
  return readLocal(path, limit)
}

/** As readInput, for files only. */
export function readLocal(path: string, limit: number): Buffer<ArrayBuffer> {
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) throw new UsageError(`${path} is a directory, not a file.`)
    if (stat.size > limit)
      throw new UsageError(`${path} has ${stat.size} bytes; at most ${limit} can be taken here.`)
    return Buffer.from(readFileSync(path))
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(
      `${path} cannot be read: ${error instanceof Error ? error.message : 'unknown failure'}`,
    )
  }
}

/** Writes bytes to a file that only its owner can read (it may hold mail or addresses), or to standard output without a path. */
export function writeOutput(context: Context, path: string | undefined, content: string | Uint8Array): void {
  if (path === undefined) {
    context.out.raw(content)
    return
  }
  try {
    writeFileSync(path, content, { mode: 0o600 })
  } catch (error) {
    throw new UsageError(
      `${path} cannot be written: ${error instanceof Error ? error.message : 'unknown failure'}`,
    )
  }
  context.out.note(
    `Wrote ${path} (${content.length} ${typeof content === 'string' ? 'characters' : 'bytes'}).`,
  )
}
