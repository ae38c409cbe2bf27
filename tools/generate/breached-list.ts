import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { importBreached } from '../../server/src/platform/breached/index.ts'

const PACKAGE = '@zxcvbn-ts/language-common'
/** In the header instead of the time of making, so that the same source gives the same bytes. */
const MADE_AT = new Date('2026-11-22T00:00:00Z')

/**
 * Writes `shipped.filter` and the licence of its source into a directory and answers how many passwords are in it. The source is the
 * dictionary `passwords-common` of zxcvbn-ts (MIT).
 */
export function writeShippedList(directory: string): number {
  const source = dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`))
  const passwords: unknown = JSON.parse(readFileSync(join(source, 'src/passwords.json'), 'utf8'))
  if (!Array.isArray(passwords)) throw new Error(`${PACKAGE} has another form than before`)
  const hashes = passwords.map((password: unknown) =>
    createHash('sha1').update(String(password)).digest('hex'),
  )
  const work = mkdtempSync(join(tmpdir(), 'bulkhead-breached-'))
  try {
    const list = join(work, `passwords-common of ${PACKAGE.replace('/', ' ')}`)
    writeFileSync(list, `${hashes.join('\n')}\n`)
    const { keys } = importBreached({
      from: list,
      to: join(directory, 'shipped.filter'),
      allowMissing: false,
      madeAt: MADE_AT,
    })
    writeFileSync(
      join(directory, 'shipped.LICENSE.txt'),
      `shipped.filter is made of the dictionary "passwords-common" of ${PACKAGE}, which has this licence:\n\n${readFileSync(join(source, 'LICENSE.txt'), 'utf8')}`,
    )
    return keys
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
