import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../cli/src/program.ts'
import { SETTINGS } from '../../src/platform/config/settings.ts'
import { ROLE_SCOPES, ROLES, WORKSPACE_SCOPES } from '../../src/security/access/index.ts'

const ROOT = join(import.meta.dirname, '../../..')
const GLOBAL_FLAGS = ['url', 'key', 'workspace', 'data', 'json', 'help']
/** Read by the command line, not by the installation; and one misspelt on purpose. */
const OTHER_VARIABLES = [
  'BULKHEAD_CLI_URL',
  'BULKHEAD_CLI_KEY',
  'BULKHEAD_CLI_WORKSPACE',
  'BULKHEAD_TEST_OWN',
  'BULKHEAD_HTPP',
]

interface Document {
  readonly path: string
  readonly text: string
}

const documents: readonly Document[] = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

/** What stands after `bulkhead` in code blocks and code spans, one command line each. */
function commandLines(text: string): string[] {
  const fences = text.split(/^\s*```.*$/m)
  const blocks = fences
    .filter((_, at) => at % 2 === 1)
    .flatMap((block) => block.replaceAll(/\\\n\s*/g, ' ').split('\n'))
  const spans = fences
    .filter((_, at) => at % 2 === 0)
    .flatMap((prose) => [...prose.matchAll(/`([^`]+)`/g)].map((match) => match[1]!.replaceAll(/\s+/g, ' ')))
  return [...blocks, ...spans].flatMap((line) => {
    const found = /(?:^|[;&|(])\s*(?:npx )?bulkhead ([a-z-][^#|>;]*)/.exec(line.trim())
    return found === null ? [] : [found[1]!.trim()]
  })
}

/** Why a command line would be refused, or null. */
function problemOf(line: string): string | null {
  const words = line.split(' ')
  const [noun, verb] = words
  if (noun === 'help' || noun?.startsWith('--') === true) return null
  const command =
    commands.find(({ path }) => path[0] === noun && path[1] === verb) ??
    commands.find(({ path }) => path.length === 1 && path[0] === noun)
  if (command === undefined) {
    const namesAll = verb === undefined || verb === '…'
    return namesAll && commands.some(({ path }) => path[0] === noun) ? null : `no command ${noun} ${verb}`
  }
  const known = new Set([...GLOBAL_FLAGS, ...(command.flags ?? []).map((flag) => flag.name)])
  const wrong = words
    .filter((word) => /^--[a-z]/.test(word))
    .map((word) => word.slice(2).split('=')[0]!)
    .find((name) => !known.has(name))
  return wrong === undefined ? null : `${command.path.join(' ')} has no --${wrong}`
}

/** As GitHub makes the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1]!.trim()))

/** Links to files that are not there, or to headings that they do not have. */
function brokenLinks({ path, text }: Document): string[] {
  const prose = text.split(/^\s*```.*$/m).filter((_, at) => at % 2 === 0)
  return prose
    .flatMap((part) => [...part.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!))
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? join(ROOT, path) : join(ROOT, dirname(path), file)
      if (!existsSync(target)) return true
      return (
        anchor !== undefined &&
        target.endsWith('.md') &&
        !anchorsOf(readFileSync(target, 'utf8')).includes(anchor)
      )
    })
    .map((link) => `${path}: ${link}`)
}

describe('the documents', () => {
  it('name only commands and flags that the command line has', () => {
    const lines = documents.flatMap(({ path, text }) => commandLines(text).map((line) => ({ path, line })))
    expect(lines.length).toBeGreaterThan(100)
    const problems = lines.flatMap(({ path, line }) => {
      const problem = problemOf(line)
      return problem === null ? [] : [`${path}: bulkhead ${line}: ${problem}`]
    })
    expect(problems).toEqual([])
  })

  it('name only settings that there are', () => {
    const known = [...Object.values(SETTINGS).map((setting) => setting.name), ...OTHER_VARIABLES]
    const named = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/BULKHEAD_[A-Z_]*[A-Z]\b/g)].map(([name]) => ({ path, name })),
    )
    expect(named.length).toBeGreaterThan(50)
    expect(named.filter(({ name }) => !known.some((item) => item === name))).toEqual([])
  })

  it('link only to files and headings that there are', () => {
    expect(documents.flatMap(brokenLinks)).toEqual([])
  })

  it('say of every role what it may do, as the code has it', () => {
    const wanted = [
      `| scope | ${ROLES.join(' | ')} |`,
      `|---|${ROLES.map(() => ':-:|').join('')}`,
      ...WORKSPACE_SCOPES.map(
        (scope) =>
          `| \`${scope}\` | ${ROLES.map((role) => (ROLE_SCOPES[role].includes(scope) ? '✓' : ' ')).join(' | ')} |`,
      ),
    ]
    const text = documents.find(({ path }) => path === 'docs/workspaces.md')?.text ?? ''
    const section = /^### Scopes of the roles\n([\s\S]*?)^#/m.exec(text)?.[1] ?? ''
    expect(section.split('\n').filter((line) => line.startsWith('|'))).toEqual(wanted)
  })

  it('are read well enough to see a wrong command, flag and link', () => {
    const text =
      'Use `bulkhead keys destroy` or\n```sh\nnpx bulkhead contain --everything \\\n  --all\n```\n[x](#nowhere)\n'
    expect(commandLines(text).map(problemOf)).toEqual([
      'contain has no --everything',
      'no command keys destroy',
    ])
    expect(brokenLinks({ path: 'README.md', text })).toEqual(['README.md: #nowhere'])
  })
})
