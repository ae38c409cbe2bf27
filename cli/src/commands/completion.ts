import type { Argument, Command } from '../command.ts'
import { bashCompletion, zshCompletion } from '../completion.ts'
import { UsageError } from '../failure.ts'

const SHELLS = ['bash', 'zsh'] as const
const shell: Argument<(typeof SHELLS)[number]> = {
  name: 'SHELL',
  description: 'bash or zsh.',
  choices: SHELLS,
  read(given) {
    const known = SHELLS.find((item) => item === given)
    if (known === undefined)
      throw new UsageError('Name the shell: bulkhead completion bash, or bulkhead completion zsh.')
    return known
  },
}

/** The command that prints completion scripts for all commands, itself included. */
export function completionCommand(
  others: readonly Command[],
  nouns: () => readonly { readonly name: string; readonly summary: string }[],
): Command {
  const own: Command = {
    path: ['completion'],
    summary: 'Print a completion script for your shell',
    operations: [],
    arguments: [shell],
    examples: [
      { line: 'source <(bulkhead completion bash)', says: 'bash, for this session' },
      { line: 'bulkhead completion zsh > "${fpath[1]}/_bulkhead"', says: 'zsh, for good' },
    ],
    async run(context, given) {
      const all = [...others, own]
      context.out.raw(given.argument(shell) === 'bash' ? bashCompletion(all) : zshCompletion(all, nouns()))
    },
  }
  return own
}
