import type { Editable } from './job.ts'

const VOID = new Set([
  'img',
  'br',
  'hr',
  'input',
  'meta',
  'link',
  'area',
  'base',
  'col',
  'embed',
  'source',
  'track',
  'wbr',
])
/** What stands in these is text, whatever it looks like. */
const RAW = new Set(['script', 'style', 'textarea', 'title'])
const TAG = /<!--|<(\/?)([a-zA-Z][a-zA-Z0-9:-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>/g
const EDIT = /\smc:edit\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i

interface Region {
  readonly name: string
  /** What is replaced: what stands in the element, or the element itself where nothing can stand in it. */
  readonly from: number
  readonly to: number
}

/** HTML whose regions with `mc:edit="name"` hold the content of that name. What stands there else stays where there is none. */
export function fillEditable(html: string, editable: readonly Editable[]): string {
  const contents = new Map(editable.map(({ name, content }) => [name, content]))
  let filled = ''
  let at = 0
  for (const { name, from, to } of regionsOf(html)) {
    const content = contents.get(name)
    // A region within another goes with it.
    if (content === undefined || from < at) continue
    filled += html.slice(at, from) + content
    at = to
  }
  return filled + html.slice(at)
}

/** Names of the regions, in their order. */
export function editableNames(html: string): string[] {
  return regionsOf(html).map(({ name }) => name)
}

function regionsOf(html: string): Region[] {
  const regions: Region[] = []
  const open: { readonly tag: string; readonly name: string; readonly from: number; depth: number }[] = []
  const tags = new RegExp(TAG)
  for (let found = tags.exec(html); found !== null; found = tags.exec(html)) {
    if (found[0] === '<!--') {
      const end = html.indexOf('-->', found.index)
      if (end < 0) break
      tags.lastIndex = end + 3
      continue
    }
    const [whole, slash, given = '', attributes = ''] = found
    const tag = given.toLowerCase()
    const end = found.index + whole.length
    if (slash === '/') {
      const last = open.at(-1)
      if (last?.tag !== tag) continue
      last.depth -= 1
      if (last.depth > 0) continue
      open.pop()
      regions.push({ name: last.name, from: last.from, to: found.index })
      continue
    }
    const edit = EDIT.exec(attributes)
    const name = edit?.[1] ?? edit?.[2] ?? edit?.[3]
    const isVoid = VOID.has(tag) || attributes.endsWith('/')
    if (name !== undefined && isVoid) regions.push({ name, from: found.index, to: end })
    else if (name !== undefined) open.push({ tag, name, from: end, depth: 1 })
    else if (!isVoid && open.at(-1)?.tag === tag) raiseLast(open)
    if (RAW.has(tag)) {
      const close = new RegExp(`</${tag}`, 'gi')
      close.lastIndex = end
      const closed = close.exec(html)
      if (closed === null) break
      tags.lastIndex = closed.index
    }
  }
  return regions.sort((left, right) => left.from - right.from)
}

function raiseLast(open: readonly { depth: number }[]): void {
  const last = open.at(-1)
  if (last !== undefined) last.depth += 1
}
