import { uuidOf } from './ids.ts'

/** A list of contacts as the vendor shows it, in lists. */
export function presentSegment({
  id,
  name,
  createdAt,
}: {
  readonly id: string
  readonly name: string
  readonly createdAt: string
}) {
  return { id: uuidOf('list', id), name, created_at: createdAt }
}
