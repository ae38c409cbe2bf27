import type { Queryable } from '../../platform/postgres/index.ts'

export interface BegunRequest {
  readonly workspaceId: string
  readonly hash: Buffer
  readonly freshId: string
  readonly isRepetition: boolean
  readonly keptSeconds: number
}

/** The id of a request, UUID: its own, or that of the one it repeats. */
export async function beginRequest(db: Queryable, request: BegunRequest): Promise<string> {
  const found = await db.query<{ id: string }>('select engine.begin_door_request($1, $2, $3, $4, $5) as id', [
    request.workspaceId,
    request.hash,
    request.freshId,
    request.isRepetition,
    request.keptSeconds,
  ])
  const id = found.rows[0]?.id
  if (id === undefined) throw new Error('a request was not remembered')
  return id
}
