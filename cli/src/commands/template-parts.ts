import { CHOICES, type TemplateProblem, type TemplatesCreateInput } from '@bulkhead/sdk'
import { choice, text, type Context, type Given } from '../command.ts'
import { UsageError } from '../failure.ts'
import { readInput } from '../files.ts'
import { table, type Screen } from '../table.ts'

const SOURCE_BYTES_MAX = 4 * 1024 * 1024
const DATA_BYTES_MAX = 1024 * 1024

const subject = text('subject', 'TEXT', 'Subject, in the dialect.')
const html = text('html', 'HTML', 'HTML part, in the dialect.')
const plain = text('text', 'TEXT', 'Text part, in the dialect.')
const htmlFile = text('html-file', 'FILE', 'HTML part from a file; - is standard input.')
const textFile = text('text-file', 'FILE', 'Text part from a file; - is standard input.')

/** The language in which parts are written. */
export const dialect = choice(
  'dialect',
  CHOICES['templates.preview'].dialect,
  'Language of the parts. Default that of the newest version; liquid for a new template.',
)

const variables = text(
  'variables',
  'JSON',
  'Names of the data with their types, and what is used without them, such as [{"name": "PRICE", "type": "number", "fallback": 25}].',
)

/** Flags for what a version says beside its parts. */
export const versionFlags = [dialect, variables]

/** Flags for what a version says. */
export const contentFlags = [subject, html, plain, htmlFile, textFile]

const data = text('values', 'JSON', 'What it is filled with, such as {"name": "Ann"}.')
const dataFile = text('values-file', 'FILE', 'The same from a file; - is standard input.')

/** Flags for what a template is filled with. */
export const dataFlags = [data, dataFile]

/** The parts that were given; those that were not are left out. */
export async function givenContent(context: Context, given: Given) {
  return {
    subject: given.flag(subject),
    html: given.flag(html) ?? (await textOfFile(context, given.flag(htmlFile))),
    text: given.flag(plain) ?? (await textOfFile(context, given.flag(textFile))),
  }
}

async function textOfFile(context: Context, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  const bytes = await readInput(context, path, SOURCE_BYTES_MAX)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UsageError(`${path} is not a text in UTF-8.`)
  }
}

/** The variables that were declared, undefined without; the server judges them. */
export function givenVariables(given: Given): TemplatesCreateInput['variables'] {
  const words = given.flag(variables)
  if (words === undefined) return undefined
  const value = parsed('--variables', words)
  if (!Array.isArray(value))
    throw new UsageError('--variables: write a JSON list, such as [{"name": "PRICE", "type": "number"}].')
  return value
}

function parsed(source: string, words: string): unknown {
  try {
    return JSON.parse(words)
  } catch (error) {
    throw new UsageError(`${source} is no JSON: ${error instanceof Error ? error.message : 'unreadable'}`)
  }
}

/** The data that was given, undefined without. Throws UsageError for what is no JSON object. */
export async function givenData(
  context: Context,
  given: Given,
): Promise<Record<string, unknown> | undefined> {
  const path = given.flag(dataFile)
  const inline = given.flag(data)
  if (inline === undefined && path === undefined) return undefined
  const source = inline === undefined ? `--values-file ${path}` : '--values'
  const words = inline ?? (await readInput(context, path ?? '-', DATA_BYTES_MAX)).toString()
  const value = parsed(source, words)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${source}: write a JSON object, such as {"name": "Ann"}.`)
  return { ...value }
}

/** A version's number. Throws UsageError for what is none. */
export function versionOf(words: string): number {
  if (!/^v?[1-9]\d{0,8}$/.test(words))
    throw new UsageError(`${words} is no version: write its number, such as 3.`)
  return Number(words.replace(/^v/, ''))
}

/** Problems of a template, each with its place. */
export function renderProblems(problems: readonly TemplateProblem[], screen: Screen): string {
  return table(
    [
      {
        title: 'PROBLEM',
        of: (row) => row.severity,
        paint: (cell, row) => (row.severity === 'error' ? screen.paint.red(cell) : screen.paint.yellow(cell)),
      },
      { title: 'WHERE', of: (row) => placeOf(row) },
      { title: 'WHAT', of: (row) => row.message },
    ],
    problems,
    screen,
  )
}

function placeOf({ part, line, column }: TemplateProblem): string {
  return line === null || column === null ? part : `${part} ${line}:${column}`
}
