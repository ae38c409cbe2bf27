import type { DialectEngine, RenderRun } from './dialect.ts'
import { member, printed } from './handlebars/run.ts'
import type { Editable, RenderedPart } from './job.ts'
import { ValueError } from './position.ts'
import { Printing } from './printing.ts'

/** What stands for the words of the message in a template. */
const SLOTS = /<%\s*(subject|body)\s*%>/gi
/** More tags than this make one message too much work. */
const TAGS_MAX = 2_000

/**
 * SendGrid's templates before Handlebars: `<%subject%>` and `<%body%>`, which are filled with what the author of the message says (editable
 * named subject, html and text), and tags of any form whose values stand in the data: `{substitutions: {"-name-": "Ann"}, sections: {":greeting":
 * "Dear -name-"}}`. Values are put in as they are, in HTML too, as the vendor does; what was put in is not looked at again, but that a section may
 * hold substitutions.
 */
export function createSendgridLegacyEngine(): DialectEngine {
  return {
    compile: (_part, source) => ({
      render: (run) => render(source, run),
      // Any text may be a tag, so that none can be told before there is a value for it.
      asked: () => [],
      remarks: () => [],
    }),
    fill: (part, source, editable) =>
      source.replace(SLOTS, (_all, slot: string) => contentOf(slot.toLowerCase(), part, editable)),
    // An author who writes text and no HTML gets the text of the template only, as the vendor documents it.
    leavesOut: (part, { text, editable }) => {
      const isSaid = (name: string): boolean => editable.some((each) => each.name === name)
      return part === 'html' && isSaid('text') && !isSaid('html') && (text ?? '').trim() !== ''
    },
    holds: () => true,
  }
}

function contentOf(slot: string, part: RenderedPart, editable: readonly Editable[]): string {
  const name = slot === 'subject' ? 'subject' : part === 'html' ? 'html' : 'text'
  return editable.find((each) => each.name === name)?.content ?? ''
}

function render(source: string, run: RenderRun): string {
  const substitutions = tagsOf(member(run.data, 'substitutions'))
  const sections = tagsOf(member(run.data, 'sections'))
  const printing = new Printing(run)
  fill(source, [substitutions, sections], printing, (text, isSection) => {
    // A section holds substitutions, a substitution names sections; each once, so that it ends.
    if (isSection) fill(text, [substitutions], printing, (inner) => printing.add(inner))
    else
      fill(text, [sections], printing, (inner) =>
        fill(inner, [substitutions], printing, (last) => printing.add(last)),
      )
  })
  return printing.text
}

type Tags = ReadonlyMap<string, string>

function tagsOf(value: unknown): Tags {
  if (typeof value !== 'object' || value === null) return new Map()
  const entries = Object.entries(value).filter(([tag]) => tag !== '')
  if (entries.length > TAGS_MAX) throw new ValueError(`there are more than ${TAGS_MAX} tags`)
  return new Map(entries.map(([tag, text]) => [tag, printed(text)]))
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

/** Puts values in for tags: of two that begin alike the longer one. */
function fill(
  text: string,
  tags: readonly Tags[],
  printing: Printing,
  put: (value: string, isSection: boolean) => void,
): void {
  const names = [...new Set(tags.flatMap((each) => [...each.keys()]))].sort(
    (left, right) => right.length - left.length,
  )
  if (names.length === 0) {
    printing.add(text)
    return
  }
  const pattern = new RegExp(names.map(literally).join('|'), 'g')
  let from = 0
  for (const { 0: name, index } of text.matchAll(pattern)) {
    printing.add(text.slice(from, index))
    from = index + name.length
    const [first, second] = tags
    const value = first?.get(name)
    if (value === undefined) put(second?.get(name) ?? '', true)
    else put(value, false)
  }
  printing.add(text.slice(from))
}
