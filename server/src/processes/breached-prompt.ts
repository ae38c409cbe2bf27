import { once } from 'node:events'

/** More is no password of ours, and a pipe may never end. */
const BYTES_MAX = 4096
const ENTER = /[\r\n]/
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const DELETE: ReadonlySet<string> = new Set(['\u0008', '\u007f'])

/** One line of standard input; a terminal is asked, and shows nothing of what is typed. Null where there is none. */
export async function readPassword(): Promise<string | null> {
  if (!process.stdin.isTTY) return firstLine()
  process.stderr.write('Password: ')
  process.stdin.setRawMode(true)
  try {
    return await typed()
  } finally {
    process.stdin.setRawMode(false)
    process.stdin.pause()
    process.stderr.write('\n')
  }
}

async function firstLine(): Promise<string | null> {
  let text = ''
  process.stdin.setEncoding('utf8')
  for await (const piece of process.stdin) {
    text += String(piece)
    if (text.includes('\n') || text.length > BYTES_MAX) break
  }
  const [line = ''] = text.split(/\r?\n/)
  return line === '' || line.length > BYTES_MAX ? null : line
}

async function typed(): Promise<string | null> {
  let text = ''
  process.stdin.setEncoding('utf8')
  process.stdin.resume()
  while (text.length <= BYTES_MAX) {
    const pieces: unknown[] = await once(process.stdin, 'data')
    for (const character of String(pieces[0])) {
      if (character === CTRL_C || character === CTRL_D) return null
      if (ENTER.test(character)) return text === '' ? null : text
      text = DELETE.has(character) ? text.slice(0, -1) : text + character
    }
  }
  return null
}
