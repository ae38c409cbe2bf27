import { SourceError } from '../position.ts'

/** One expression between braces. */
export interface Tag {
  readonly begin: number
  readonly end: number
  /** What stands between the braces, without the marks of blanks to strip, and where it begins. */
  readonly inner: string
  readonly innerAt: number
}

/** A change of a source before it is parsed. */
export interface Edit {
  readonly at: number
  readonly length: number
  readonly text: string
}

export interface EditedSource {
  readonly text: string
  /** Where a place of the edited text was in the source. */
  originalOf(at: number): number
}

/** The expressions of a source, without comments and what is escaped. Throws SourceError where one has no end. */
export function readTags(source: string): Tag[] {
  const tags: Tag[] = []
  let at = source.indexOf('{{')
  while (at >= 0) {
    if (isEscaped(source, at)) {
      // Handlebars takes all up to the next braces as text.
      at = source.indexOf('{{', at + 2)
      continue
    }
    const end = endOfTag(source, at)
    const tag = tagOf(source, at, end)
    if (!tag.inner.startsWith('!')) tags.push(tag)
    at = source.indexOf('{{', end)
  }
  return tags
}

/** `\{{x}}` is text; of `\\{{x}}` one backslash is. */
function isEscaped(source: string, at: number): boolean {
  return source[at - 1] === '\\' && source[at - 2] !== '\\'
}

function endOfTag(source: string, at: number): number {
  if (source.startsWith('{{!--', at) || source.startsWith('{{~!--', at)) {
    const end = /--~?\}\}/g
    end.lastIndex = at + 5
    if (end.exec(source) === null) throw notClosed(source, at)
    return end.lastIndex
  }
  if (/^\{\{~?!/.test(source.slice(at, at + 4))) return closing(source, '}}', at)
  if (source.startsWith('{{{{', at))
    throw new SourceError('raw blocks in four braces are not there in this dialect', at, 'unsupported')
  return closingBraces(source, at)
}

/** Braces within quotes close nothing. */
function closingBraces(source: string, at: number): number {
  const isTriple = source[at + 2] === '{' || source.startsWith('{{~{', at)
  const step = /"(?:\\"|[^"])*"|'(?:\\'|[^'])*'|`[^`]*`|\}\}|\{\{/g
  step.lastIndex = at + 3
  for (let found = step.exec(source); found !== null; found = step.exec(source)) {
    if (found[0] === '{{') break
    if (found[0] !== '}}') continue
    if (!isTriple) return step.lastIndex
    const end = /\}~?\}\}/y
    end.lastIndex = found.index
    if (end.exec(source) !== null) return end.lastIndex
    if (source.startsWith('}~}}', found.index - 2)) return step.lastIndex
    break
  }
  throw notClosed(source, at)
}

function closing(source: string, mark: string, at: number): number {
  const end = source.indexOf(mark, at)
  if (end < 0) throw notClosed(source, at)
  return end + mark.length
}

function notClosed(source: string, at: number): SourceError {
  return new SourceError(`"${source.slice(at, at + 30).split('\n')[0]}" has no end`, at)
}

function tagOf(source: string, begin: number, end: number): Tag {
  const whole = source.slice(begin, end)
  const open = /^\{\{~?[{&]?/.exec(whole)?.[0].length ?? 2
  const close = /\}?~?\}\}$/.exec(whole)?.[0].length ?? 2
  return { begin, end, inner: whole.slice(open, whole.length - close), innerAt: begin + open }
}

const OPENS = /^([#^])\s*([^\s|}]+)/

/**
 * Checks what the parser would take too long for, or tell without a place: blocks that are not closed, or closed by another, or nested too deep.
 * Partials and decorators are refused here too: there is nothing that they could name.
 */
export function checkBlocks(tags: readonly Tag[], nestingMax: number): void {
  const open: { readonly name: string; readonly at: number; branches: number }[] = []
  for (const { inner, begin } of tags) {
    const text = inner.trimStart()
    if (/^#?\s*>/.test(text))
      throw new SourceError('partials are not available: a template stands alone', begin, 'unsupported')
    if (/^#?\s*\*/.test(text)) throw new SourceError('decorators are not available', begin, 'unsupported')
    const opened = OPENS.exec(text)
    if (opened !== null) {
      open.push({ name: opened[2] ?? '', at: begin, branches: 0 })
      if (open.length > nestingMax)
        throw new SourceError(`blocks are nested more than ${nestingMax} deep`, begin)
      continue
    }
    if (/^else\s*\S/.test(text)) countBranch(open.at(-1), begin)
    if (!text.startsWith('/')) continue
    const name = text.slice(1).trim()
    const last = open.pop()
    if (last === undefined) throw new SourceError(`{{/${name}}} closes nothing`, begin)
    if (last.name !== name) throw new SourceError(`{{/${name}}} stands where {{/${last.name}}} must`, begin)
  }
  const left = open.pop()
  if (left !== undefined) throw new SourceError(`{{#${left.name}}} is not closed`, left.at)
}

/** A chain of branches is a tree as deep as it is long. */
const BRANCHES_MAX = 200

function countBranch(block: { branches: number } | undefined, at: number): void {
  if (block === undefined) return
  block.branches += 1
  if (block.branches > BRANCHES_MAX)
    throw new SourceError(`a block has more than ${BRANCHES_MAX} branches`, at)
}

/** Changes a source in places that are in order and do not touch. */
export function editSource(source: string, edits: readonly Edit[]): EditedSource {
  const pieces: string[] = []
  // Where each kept piece begins, here and there.
  const starts: { readonly edited: number; readonly original: number }[] = [{ edited: 0, original: 0 }]
  let from = 0
  let length = 0
  for (const { at, length: removed, text } of edits) {
    pieces.push(source.slice(from, at), text)
    length += at - from
    // What was put in belongs to where it was put.
    starts.push({ edited: length, original: at })
    length += text.length
    from = at + removed
    starts.push({ edited: length, original: from })
  }
  pieces.push(source.slice(from))
  return {
    text: pieces.join(''),
    originalOf(at) {
      let low = 0
      let high = starts.length - 1
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if ((starts[middle]?.edited ?? 0) <= at) low = middle
        else high = middle - 1
      }
      const { edited, original } = starts[low] ?? { edited: 0, original: 0 }
      // Within what was put in there is no other place.
      return low % 2 === 1 ? original : original + at - edited
    },
  }
}
