// The `bulkhead` command. Started by tools/bulkhead.mjs under Node 24.
import { spawn } from 'node:child_process'
import { UsageError } from './failure.ts'
import { createAsk } from './prompt.ts'
import { run } from './run.ts'

const interrupt = new AbortController()
process.once('SIGINT', () => interrupt.abort())
process.once('SIGTERM', () => interrupt.abort())
// `bulkhead messages list | head`: the reader is satisfied, and so are we.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

async function readAll(limit: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin) {
    const part = Buffer.from(chunk)
    size += part.length
    if (size > limit) throw new UsageError(`Standard input holds more than ${limit} bytes.`)
    chunks.push(part)
  }
  return Buffer.concat(chunks)
}

function runProgram(file: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...args], { stdio: 'inherit' })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  input: { isTerminal: process.stdin.isTTY, read: readAll },
  ask: createAsk(process.stdin, process.stderr, interrupt.signal),
  env: process.env,
  now: Date.now,
  signal: interrupt.signal,
  spawn: runProgram,
})
