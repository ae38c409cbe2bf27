import { execFileSync } from 'node:child_process'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { bashCompletion, zshCompletion } from './completion.ts'
import { writeCsvLine } from './csv.ts'
import { UsageError } from './failure.ts'
import { help } from './help.ts'
import { bytes, duration, parseInstant, relative } from './instants.ts'
import { parseCommandLine } from './parse.ts'
import { commands, nouns } from './program.ts'
import { nearest } from './suggest.ts'
import { createPaint, truncate, width } from './text.ts'

const NOW = Date.parse('2026-01-31T12:00:00Z')

describe('csv', () => {
  it('quotes what would read as something else', () => {
    expect(writeCsvLine(['a@x.test', 'said, "no"', 'x;y', ' z', 'two\nlines', ''])).toBe(
      'a@x.test,"said, ""no""","x;y"," z","two\nlines",\n',
    )
  })
})

describe('times', () => {
  it('are read as ISO 8601 or as a span before or after now', () => {
    expect(parseInstant('2h', 'future', NOW)).toBe('2026-01-31T14:00:00.000Z')
    expect(parseInstant('30m', 'past', NOW)).toBe('2026-01-31T11:30:00.000Z')
    expect(parseInstant('2026-03-01T09:00:00+02:00', 'past', NOW)).toBe('2026-03-01T07:00:00.000Z')
    for (const wrong of ['tomorrow', '2h30', '1', '2026-13-01', ''])
      expect(parseInstant(wrong, 'past', NOW)).toBeNull()
  })

  it('are shown as a person says them', () => {
    expect(relative('2026-01-31T11:56:00Z', NOW)).toBe('4 min ago')
    expect(relative('2026-01-31T14:30:00Z', NOW)).toBe('in 3 h')
    expect([850, 12_000, 240_000, 10_800_000, 300_000_000].map(duration)).toEqual([
      '850 ms',
      '12 s',
      '4 min',
      '3 h',
      '3 d',
    ])
    expect([512, 4_100, 2_300_000].map(bytes)).toEqual(['512 B', '4.1 kB', '2.3 MB'])
  })
})

describe('text', () => {
  test.prop([fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 })])(
    'is cut to at most the columns there are',
    (text, columns) => {
      expect(width(truncate(text, columns))).toBeLessThanOrEqual(columns)
    },
  )

  it('of wide characters takes two columns each', () => {
    expect([width('日本'), width('e\u0301'), truncate('日本語', 5)]).toEqual([4, 1, '日本…'])
  })
})

describe('suggestions', () => {
  it('find a swapped, a missing and a doubled letter, and leave alone what is meant by nobody', () => {
    const names = ['messages', 'domains', 'send', 'senders']
    expect(['mesages', 'domians', 'sedn', 'sendders'].map((typed) => nearest(typed, names))).toEqual([
      'messages',
      'domains',
      'send',
      'senders',
    ])
    expect(nearest('zebra', names)).toBeUndefined()
  })
})

describe('the declarations', () => {
  it('have a unique path, a summary without a full stop, and an example of themselves', () => {
    const paths = commands.map((command) => command.path.join(' '))
    expect(new Set(paths).size).toBe(paths.length)
    for (const command of commands) {
      expect(command.summary, command.path.join(' ')).toMatch(/^[A-Z].*[^.]$/)
      expect(
        command.examples.some((example) => example.line.includes(`bulkhead ${command.path.join(' ')}`)),
        command.path.join(' '),
      ).toBe(true)
      const names = (command.flags ?? []).map((flag) => flag.name)
      expect(new Set(names).size).toBe(names.length)
      for (const name of names) expect(['url', 'key', 'data', 'json', 'help']).not.toContain(name)
    }
  })

  it('make a help for every command that fits 80 columns but for its examples', () => {
    for (const command of commands) {
      const text = help(command.path, { commands, nouns, paint: createPaint(false), columns: 80 })
      const [before] = text.split('\nExamples\n')
      for (const line of before!.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
    }
  })
})

const complete = (...words: string[]): string[] => {
  const script = `${bashCompletion(commands)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _bulkhead; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' }).trim().split('\n')
}

describe('a command line', () => {
  const words = [
    ...commands.flatMap((command) => command.path),
    'help',
    '--json',
    '--to',
    '--limit',
    '--',
    '-',
    '-x',
    '--x=y',
    '--help',
  ]
  const word = fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 12 }))

  test.prop([fc.array(word, { maxLength: 7 })])(
    'of any words is understood or refused as a mistake of usage',
    (args) => {
      try {
        const request = parseCommandLine(args, commands, NOW)
        if (request.kind === 'help')
          help(request.topic, { commands, nouns, paint: createPaint(false), columns: 80 })
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError)
      }
    },
  )
})

describe('completion', () => {
  it('of bash knows commands, verbs, flags and the values of flags', () => {
    expect(complete('bulkhead', 'mes')).toEqual(['messages'])
    expect(complete('bulkhead', 'messages', 're')).toEqual(['reschedule', 'resend'])
    expect(complete('bulkhead', 'messages', 'list', '--sta')).toEqual(['--state'])
    expect(complete('bulkhead', 'messages', 'list', '--state', 'bou')).toEqual(['bounced'])
    expect(complete('bulkhead', 'send', '--lane', '')).toEqual(['critical', 'transactional', 'bulk'])
    expect(complete('bulkhead', 'send', '--sub')).toEqual(['--subject'])
    expect(complete('bulkhead', 'completion', 'z')).toEqual(['zsh'])
  })

  it('of zsh names every command', () => {
    const script = zshCompletion(commands, nouns)
    for (const command of commands) expect(script).toContain(`    ${command.path.at(-1)})`)
  })
})
