import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { writeShippedList } from '../../../../tools/generate/breached-list.ts'
import { makeTestDirectory } from './breached.test-support.ts'
import { SHIPPED_FILE } from './index.ts'

it('the shipped list and its licence are what their source makes', () => {
  using directory = makeTestDirectory()
  writeShippedList(directory.path)
  for (const name of ['shipped.filter', 'shipped.LICENSE.txt'])
    expect(
      readFileSync(join(directory.path, name)).equals(readFileSync(join(dirname(SHIPPED_FILE), name))),
      name,
    ).toBe(true)
})
