import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { makeDirectory } from './cluster.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const PARTS = ['server/src', 'server/migrations', 'keyring/src', 'keyring/migrations', 'tlog/src']
const PLAIN = ['package.json', 'server/package.json', 'keyring/package.json', 'tlog/package.json']

/** One piece of source text that is replaced. */
export interface Alteration {
  /** Path below the repository. */
  readonly file: string
  /** Found exactly once, or the alteration fails: a control arm that alters nothing would prove nothing. */
  readonly find: string
  readonly replace: string
}

export interface AlteredProduct extends Disposable {
  /** What `ROOT` is to the product itself. */
  readonly root: string
}

/**
 * A copy of the product's sources with one protection taken out, for the control arms of replays. The product itself has no
 * switch for it: whoever wants it without the protection has to change its source, as this does.
 * @throws Error where a text is not found exactly once.
 */
export function alterProduct(alterations: readonly Alteration[]): AlteredProduct {
  const root = makeDirectory('altered')
  for (const part of PARTS.filter((path) => existsSync(join(ROOT, path)))) {
    cpSync(join(ROOT, part), join(root, part), {
      recursive: true,
      filter: (path) => !path.endsWith('.test.ts'),
    })
  }
  for (const path of PLAIN) {
    mkdirSync(join(root, path, '..'), { recursive: true })
    cpSync(join(ROOT, path), join(root, path))
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  for (const { file, find, replace } of alterations) {
    const path = join(root, file)
    const text = readFileSync(path, 'utf8')
    const pieces = text.split(find)
    if (pieces.length !== 2)
      throw new Error(`${file} holds ${pieces.length - 1} times, not once: ${find}. Adapt the control arm.`)
    writeFileSync(path, pieces.join(replace))
  }
  return {
    root,
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}
