import { join } from 'node:path'
import { argument, toggle, type Command, type Context, type Given } from '../command.ts'
import { GLOBAL_FLAGS } from '../parse.ts'

/** What works on the files of this host and needs no running installation is a program of the server. */
const PROGRAM = join(import.meta.dirname, '../../../server/src/processes/breached.ts')

const list = argument('LIST', 'A text file of HASH:COUNT lines, or the directory that the downloader filled.')
const partial = toggle('partial', 'Take a directory although ranges are missing in it.')
const verify = toggle('verify', 'Read the whole list and check every part of it.')

function start(
  context: Context,
  given: Given,
  verb: string,
  flags: readonly string[],
  words: readonly string[] = [],
): Promise<number> {
  const data = given.flag(GLOBAL_FLAGS.data)
  return context.spawn(process.execPath, [
    PROGRAM,
    verb,
    ...flags,
    ...(data === undefined ? [] : [`--data=${data}`]),
    ...(context.out.json ? ['--json'] : []),
    '--',
    ...words,
  ])
}

export const breachedCommands: readonly Command[] = [
  {
    path: ['breached', 'import'],
    summary: 'Make the list of breached passwords of a download from Have I Been Pwned',
    description:
      'Takes the SHA-1 list, as one file or as the 1,048,576 range files of the official downloader, in any order. It runs on the host, needs 18 bytes of disk for each hash while it works and 170 MB of memory, and shows how far it is. The list in use is replaced when the new one is whole; running processes use it from the next password on. Ended early, it starts anew.',
    operations: [],
    arguments: [list],
    flags: [partial],
    examples: [
      { line: 'bulkhead breached import pwnedpasswords.txt', says: 'the list in one file' },
      {
        line: 'bulkhead breached import ranges --data /var/lib/bulkhead',
        says: 'a directory of 00000.txt to FFFFF.txt',
      },
    ],
    run: (context, given) =>
      start(context, given, 'import', given.flag(partial) ? ['--partial'] : [], [given.argument(list)]),
  },
  {
    path: ['breached', 'status'],
    summary: 'Which lists of breached passwords are in use on this host',
    description: 'Exit code 1 where the imported list is damaged. The shipped list is used in any case.',
    operations: [],
    flags: [verify],
    examples: [
      { line: 'bulkhead breached status', says: 'how many, from where, since when' },
      { line: 'bulkhead breached status --verify', says: 'after a crash of the disk' },
    ],
    run: (context, given) => start(context, given, 'status', given.flag(verify) ? ['--verify'] : []),
  },
  {
    path: ['breached', 'check'],
    summary: 'Whether a password is in the lists of this host',
    description:
      'Asks for the password, or reads the first line of standard input; it is never an argument, which other people of the host could see. Exit code 1 where it is breached. Asks no service.',
    operations: [],
    examples: [{ line: 'bulkhead breached check', says: 'asks without showing what is typed' }],
    run: (context, given) => start(context, given, 'check', []),
  },
]
