import type { Asked, CompiledPart, DialectEngine } from './dialect.ts'
import { isUnquoted, nameOf, unquotedAt } from './explain.ts'
import { member, printed } from './handlebars/run.ts'
import type { RenderedPart } from './job.ts'
import { createPositions, MissingVariable, SourceError } from './position.ts'
import { Printing } from './printing.ts'
import { escapeHtml } from './text-of.ts'
import { unsubscribeLink } from './unsubscribe-link.ts'

interface Variable {
  readonly path: readonly string[]
  readonly fallback: string | null
  readonly at: number
}

/** `{{{KEY}}}` or `{{{contact.first_name|there}}}`. */
const VARIABLE = /^\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*(?:\|([^{}]*))?$/s
const UNSUBSCRIBE_NAMES = new Set(['RESEND_UNSUBSCRIBE_URL', 'UNSUBSCRIBE_URL'])

/** What broadcasts say of their contact; no variable of a template has such a name. */
const OF_CONTACTS: ReadonlySet<string> = new Set(['contact', 'FIRST_NAME', 'LAST_NAME', 'EMAIL'])

/** Variables of Resend. One that the data does not hold and that has no fallback refuses the message, as the vendor does. */
export function createResendEngine(): DialectEngine {
  return {
    compile,
    holds: (data, path) =>
      path.reduce<unknown>((held, part) => member(held, String(part)), data) !== undefined,
  }
}

function compile(part: RenderedPart, source: string): CompiledPart {
  const pieces = piecesOf(source)
  const positions = createPositions(source)
  const variables = pieces.filter((piece) => typeof piece !== 'string')
  return {
    render(run) {
      const printing = new Printing(run)
      for (const piece of pieces) {
        if (typeof piece === 'string') printing.add(piece)
        else {
          const text = valueOf(piece, run.data)
          printing.add(part === 'html' ? escapeHtml(text) : text)
        }
      }
      return printing.text
    },
    asked: () =>
      variables
        .filter(({ path }) => !isUnsubscribe(path))
        .map(({ path, fallback, at }): Asked => ({
          name: nameOf(path),
          path,
          ...positions(at),
          isExcused: fallback !== null || OF_CONTACTS.has(path[0] ?? ''),
        })),
    remarks: () =>
      part === 'html'
        ? variables.filter(({ at }) => isUnquoted(source, at)).map(({ at }) => unquotedAt(positions(at)))
        : [],
  }
}

function isUnsubscribe(path: readonly string[]): boolean {
  return path.length === 1 && UNSUBSCRIBE_NAMES.has(path[0] ?? '')
}

function valueOf({ path, fallback, at }: Variable, data: unknown): string {
  const value = path.reduce<unknown>(member, data)
  if (value !== undefined && value !== null && value !== '') return printed(value)
  if (fallback !== null) return fallback
  if (isUnsubscribe(path)) return unsubscribeLink()
  // What is not known of a contact is empty in its broadcast: nobody is left out for it.
  if (OF_CONTACTS.has(path[0] ?? '')) return ''
  if (value === undefined || value === null) throw new MissingVariable(path.join('.'), at)
  return ''
}

function piecesOf(source: string): (string | Variable)[] {
  const pieces: (string | Variable)[] = []
  let from = 0
  for (let at = source.indexOf('{{'); at >= 0; at = source.indexOf('{{', from)) {
    if (!source.startsWith('{{{', at)) {
      const name = /^\{\{\s*([\w.|]{1,100})\s*\}\}(?!\})/.exec(source.slice(at, at + 120))?.[1]
      if (name !== undefined)
        throw new SourceError(`"{{${name}}}" is no variable: write it with three braces`, at, 'unsupported')
      pieces.push(source.slice(from, at + 2))
      from = at + 2
      continue
    }
    const end = source.indexOf('}}}', at)
    const inner = end < 0 ? '' : source.slice(at + 3, end)
    const [, path, fallback] = VARIABLE.exec(inner) ?? []
    if (path === undefined)
      throw new SourceError(
        end < 0
          ? '"{{{" has no end'
          : `"{{{${inner.slice(0, 40)}}}}" is no variable: write {{{NAME}}} or {{{NAME|fallback}}}`,
        at,
      )
    pieces.push(source.slice(from, at), { path: path.split('.'), fallback: fallback ?? null, at })
    from = end + 3
  }
  pieces.push(source.slice(from))
  return pieces.filter((piece) => piece !== '')
}
