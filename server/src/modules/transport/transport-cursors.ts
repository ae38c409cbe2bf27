import { invalidField } from '../../kernel/faults.ts'
import { canonicalName } from '../../platform/dns/index.ts'

/** A cursor that stands for a text: a name, or an instant. */
export function textCursor(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** The name behind which a list goes on; empty at its begin. Throws `invalid_request` on what no list has handed out. */
export function nameOfCursor(cursor: string | undefined): string {
  if (cursor === undefined) return ''
  const name = Buffer.from(cursor, 'base64url').toString('utf8')
  if (canonicalName(name) !== name) throw unknown()
  return name
}

/** The row of reports sent behind which a list goes on; without a cursor, before all. Throws `invalid_request` as above. */
export function sentOfCursor(cursor: string | undefined): { readonly at: Date; readonly what: string } {
  if (cursor === undefined) return { at: new Date('9999-01-01T00:00:00Z'), what: '' }
  const [instant = '', ...rest] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ')
  const at = new Date(instant)
  const what = rest.join(' ')
  if (Number.isNaN(at.getTime()) || at.toISOString() !== instant || !/^\S{1,253} [\d-]{10}$/.test(what))
    throw unknown()
  return { at, what }
}

function unknown(): ReturnType<typeof invalidField> {
  return invalidField(
    'cursor',
    'is not a cursor of this list',
    'Give nextCursor of the page before, or none.',
  )
}
