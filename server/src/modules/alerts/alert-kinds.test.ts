import { expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import { RULE_WORDS } from './index.ts'

it('every rule of detection has words for those who read its alarm', async () => {
  await using database = await createTestDatabase()
  const { rows } = await database
    .pool('superuser')
    .query<{ kind: string }>('select distinct kind from detection.rule')
  expect(Object.keys(RULE_WORDS).toSorted()).toEqual(rows.map((row) => row.kind).toSorted())
})
