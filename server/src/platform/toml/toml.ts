import { parse, TomlError } from 'smol-toml'
import { TEXT_FILE_BYTES_MAX } from './text-file.ts'
import { lineFinder } from './lines.ts'

export interface TomlFile {
  readonly table: Readonly<Record<string, unknown>>
  /**
   * The line of a key, counted from 1, by its path: names of tables and keys, and positions in arrays of tables. A path inside a value
   * is found at the line where the value begins. Null where nothing of the path is written.
   */
  readonly lineOf: (path: readonly (string | number)[]) => number | null
}

export type TomlRead =
  | { readonly ok: true; readonly file: TomlFile }
  | { readonly ok: false; readonly line: number | null; readonly problem: string }

const DEPTH_MAX = 10

/** TOML 1.0; at most 512 KiB, inline values nested at most 10 deep. Never throws. */
export function parseToml(text: string): TomlRead {
  if (Buffer.byteLength(text) > TEXT_FILE_BYTES_MAX)
    return { ok: false, line: null, problem: 'the file is larger than 512 KiB' }
  try {
    const table = parse(text, { maxDepth: DEPTH_MAX, unsafeKeyBehaviour: 'throw', integersAsBigInt: false })
    return { ok: true, file: { table, lineOf: lineFinder(text) } }
  } catch (error) {
    if (error instanceof TomlError) {
      const [first = 'it is no TOML'] = error.message.split('\n')
      return { ok: false, line: error.line, problem: first.replace(/^Invalid TOML document: /, '') }
    }
    return { ok: false, line: null, problem: 'it is no TOML' }
  }
}
