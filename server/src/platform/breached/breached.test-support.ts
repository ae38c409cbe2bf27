import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importBreached } from './index.ts'

export interface TestDirectory extends Disposable {
  readonly path: string
}

export function makeTestDirectory(): TestDirectory {
  const path = mkdtempSync(join(tmpdir(), 'bulkhead-breached-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

export function sha1(text: string): Buffer {
  return createHash('sha1').update(text).digest()
}

/** A line as Have I Been Pwned writes it. */
export function hashLine(text: string, count = 1): string {
  return `${sha1(text).toString('hex').toUpperCase()}:${count}`
}

/** Makes the file of breached passwords `to` of a list of passwords. */
export function importPasswords(to: string, passwords: readonly string[]): void {
  using work = makeTestDirectory()
  const from = join(work.path, 'list.txt')
  writeFileSync(from, `${passwords.map((password) => hashLine(password)).join('\r\n')}\r\n`)
  importBreached({ from, to, allowMissing: false, madeAt: new Date() })
}
