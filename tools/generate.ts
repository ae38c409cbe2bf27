// `npm run gen`: writes what derives from the operation registry, the settings and the commands of the CLI.
// `npm run gen -- --check` writes nothing and fails when a file is not what it would write.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generatedFiles } from './generate/files.ts'

const ROOT = join(import.meta.dirname, '..')
const check = process.argv.includes('--check')

function current(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

let stale = 0
for (const file of generatedFiles((path) => current(join(ROOT, path)))) {
  const path = join(ROOT, file.path)
  if (current(path) === file.text) continue
  stale += 1
  if (check) {
    process.stderr.write(`${file.path} is stale\n`)
    continue
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, file.text)
  process.stdout.write(`wrote ${file.path}\n`)
}
if (check && stale > 0) {
  process.stderr.write(
    `${stale} generated ${stale === 1 ? 'file is' : 'files are'} stale: run npm run gen and commit the result.\n`,
  )
  process.exitCode = 1
} else if (stale === 0) {
  process.stdout.write('everything generated is up to date\n')
}
