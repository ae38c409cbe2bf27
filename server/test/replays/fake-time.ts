import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The environment in which a process sees another time, `-300s` or `+6h` away from ours (Debian's libfaketime). */
export function fakeTime(offset: string): Readonly<Record<string, string>> {
  const library = readdirSync('/usr/lib', { encoding: 'utf8' })
    .map((name) => join('/usr/lib', name, 'faketime/libfaketime.so.1'))
    .find((path) => existsSync(path))
  if (library === undefined) throw new Error('libfaketime is not installed: apt-get install faketime')
  return { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' }
}
