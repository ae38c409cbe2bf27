import { decodeId, encodeId, type IdKind } from '../../../kernel/ids.ts'
import { refuse } from './errors.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** Our id of what the vendor's clients know by a UUID, in the path or in a field. */
export function ownId(kind: IdKind, uuid: string | undefined, field = 'id'): string {
  if (uuid === undefined || !isUuid(uuid))
    throw refuse(422, 'invalid_parameter', `The \`${field}\` must be a valid UUID.`)
  return encodeId(kind, uuid.toLowerCase())
}

/** The UUID of a thing of ours. */
export function uuidOf(kind: IdKind, id: string): string {
  const uuid = decodeId(kind, id)
  if (uuid === null) throw new Error(`${id} is no id of a ${kind}`)
  return uuid
}
