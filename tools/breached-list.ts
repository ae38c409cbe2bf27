// Makes the list of common passwords that is shipped: `node tools/breached-list.ts`, after a new version of its source. Its result is
// committed; server/src/platform/breached/shipped.test.ts checks that it is what this makes.
import { join } from 'node:path'
import { writeShippedList } from './generate/breached-list.ts'

const keys = writeShippedList(join(import.meta.dirname, '../server/src/platform/breached'))
process.stdout.write(`wrote ${keys} passwords\n`)
