import { accessSync, constants, readFileSync, statSync, writeFileSync } from 'node:fs'
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
    throw unreadable(path, error)
  }
}

/** Refuses a path that no file can be read from, before anything is begun for its sake; `-` is standard input. */
export function demandFile(path: string): void {
  if (path === '-') return
  try {
    if (statSync(path).isDirectory()) throw new UsageError(`${path} is a directory, not a file.`)
    accessSync(path, constants.R_OK)
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** Why a file cannot be read, in words of a person for what happens most. */
export function unreadable(path: string, error: unknown): UsageError {
  if (error instanceof UsageError) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return new UsageError(`${path} cannot be read: there is no such file.`)
  if (code === 'EACCES') return new UsageError(`${path} cannot be read: its permissions forbid it.`)
  return new UsageError(
    `${path} cannot be read: ${error instanceof Error ? error.message : 'unknown failure'}`,
  )
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
