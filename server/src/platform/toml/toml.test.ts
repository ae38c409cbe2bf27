import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseToml, readTextFile } from './index.ts'

function lines(text: string): (...path: (string | number)[]) => number | null {
  const read = parseToml(text)
  if (!read.ok) throw new Error(read.problem)
  return (...path) => read.file.lineOf(path)
}

/** Keys of lines made different. */
function part(some: readonly string[], prefix: string): string[] {
  return some.map((each, at) => each.replace('#', each.startsWith('#') ? '#' : `${prefix}${at}`))
}

describe('the lines of a TOML file', () => {
  it('are found by path: tables, dotted and quoted keys, arrays of tables', () => {
    const line = lines(
      [
        'top = 1', // 1
        '[a.b]', // 2
        'c.d = 1 # comment', // 3
        '"e.f" = 2', // 4
        '[[list]]', // 5
        "x = '''", // 6
        '[not] = a table', // 7
        "'''", // 8
        'y = [', // 9
        '  1, # ]', // 10
        '  { k = "]" },', // 11
        ']', // 12
        'z = "#"', // 13
        '[list.sub]', // 14
        'q = 1', // 15
        '[[list]]', // 16
        'x = 3', // 17
      ].join('\n'),
    )
    expect(line('top')).toBe(1)
    expect(line('a', 'b')).toBe(2)
    expect(line('a', 'b', 'c', 'd')).toBe(3)
    expect(line('a', 'b', 'e.f')).toBe(4)
    expect(line('list', 0)).toBe(5)
    expect(line('list', 0, 'x')).toBe(6)
    expect(line('list', 0, 'y', 1, 'k')).toBe(9)
    expect(line('list', 0, 'z')).toBe(13)
    expect(line('list', 0, 'sub', 'q')).toBe(15)
    expect(line('list', 1, 'x')).toBe(17)
    expect(line('not')).toBeNull()
    expect(line()).toBeNull()
  })

  it('are where a key was written, whatever stands around it', () => {
    const noise = fc.constantFrom(
      '',
      '# [x]',
      'n# = 1',
      "s# = '''\n[x]\nm = 1\n'''",
      's# = """\n\\"""\n"""',
      'l# = [\n[1],\n]',
      't# = { a = "}" }',
      "q# = ']#'",
    )
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 12 }), fc.array(noise, { maxLength: 12 }), (before, after) => {
        const head = part(before, 'b').join('\n')
        const text = `${head}\nwanted = 1\n${part(after, 'a').join('\n')}\n`
        expect(lines(text)('wanted')).toBe(head.split('\n').length + 1)
      }),
    )
  })
})

describe('a TOML text', () => {
  it('is refused with its line, never by an exception', () => {
    expect(parseToml('a = 1\na = 2\n')).toMatchObject({ ok: false, line: 2 })
    expect(parseToml('a = \n')).toMatchObject({ ok: false, line: 1 })
    expect(parseToml('x = 1\n__proto__ = { y = 1 }')).toMatchObject({ ok: false })
    expect(parseToml(`a = ${'['.repeat(11)}${']'.repeat(11)}`)).toMatchObject({ ok: false })
    fc.assert(
      fc.property(
        fc.string({
          maxLength: 200,
          unit: fc.constantFrom(
            '[',
            ']',
            '{',
            '}',
            '=',
            '"',
            "'",
            '\n',
            '.',
            ',',
            '#',
            '\\',
            'a',
            '1',
            ' ',
            '\0',
          ),
        }),
        (text) => {
          const read = parseToml(text)
          if (read.ok) read.file.lineOf(['a', 'a'])
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

describe('a small text file', () => {
  it('is read whole, or said to be missing, too large, no file or no text', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bulkhead-toml-'))
    try {
      const path = join(directory, 'a.toml')
      await writeFile(path, 'ä = 1')
      expect(await readTextFile(path)).toEqual({ kind: 'text', text: 'ä = 1' })
      await writeFile(path, Buffer.alloc(524_289, 'a'))
      expect(await readTextFile(path)).toEqual({ kind: 'problem', problem: 'it is larger than 512 KiB' })
      await writeFile(path, Buffer.from([0xff, 0xfe]))
      expect(await readTextFile(path)).toEqual({ kind: 'problem', problem: 'it is not UTF-8' })
      expect(await readTextFile(directory)).toEqual({ kind: 'problem', problem: 'it is no file' })
      expect(await readTextFile(join(directory, 'b'))).toEqual({
        kind: 'problem',
        problem: 'it does not exist',
      })
      execFileSync('mkfifo', [join(directory, 'pipe')])
      expect(await readTextFile(join(directory, 'pipe'))).toEqual({
        kind: 'problem',
        problem: 'it is no file',
      })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
