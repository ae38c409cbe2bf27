import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export type Passwords = Readonly<Record<string, string>>

/** A password of 192 random bits in letters, digits, `-` and `_`. */
export function generatePassword(): string {
  return randomBytes(24).toString('base64url')
}

/** Reads a JSON object of passwords, or null where the file does not exist. */
export function readPasswords(path: string): Passwords | null {
  if (!existsSync(path)) return null
  let parsed: unknown
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(`${path} cannot be read as JSON: restore it from a backup`, { cause: error })
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw new Error(`${path} does not hold a JSON object: restore it from a backup`)
  const passwords: Record<string, string> = {}
  for (const [name, password] of Object.entries(parsed)) {
    if (typeof password !== 'string' || password === '')
      throw new Error(`${path}: the password of ${name} is not a text`)
    passwords[name] = password
  }
  return passwords
}

/** Writes the passwords for this user alone; the file is complete or absent, never half. */
export function writePasswords(path: string, passwords: Passwords): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(`${path}.new`, `${JSON.stringify(passwords, null, 2)}\n`, { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
}
