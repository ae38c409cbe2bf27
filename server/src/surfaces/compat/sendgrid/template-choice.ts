import { encodeId, uuidFromHex } from '../../../kernel/ids.ts'
import type { TemplateChoice } from './mail-request.ts'

const DYNAMIC = /^d-([0-9a-f]{32})$/i
const LEGACY = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** Where a UUID says which version it is of (RFC 9562 §4.2). */
const VERSION_AT = 12

/**
 * What a template id of this vendor names: `d-` and 32 digits, or a UUID for those of the older kind. Null: it is no such id. Our own ids are
 * UUIDs of version 7; the vendor's, which imported templates keep as their alias, are of version 4.
 */
export function templateOf(id: string): Omit<TemplateChoice, 'id'> | null {
  const kind = DYNAMIC.test(id) ? 'dynamic' : LEGACY.test(id) ? 'legacy' : null
  if (kind === null) return null
  const digits = id.toLowerCase().replace(/^d-/, '').replaceAll('-', '')
  const isOurs = digits[VERSION_AT] === '7'
  return { kind, reference: isOurs ? encodeId('template', uuidFromHex(digits)) : id.toLowerCase() }
}
