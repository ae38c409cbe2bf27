import { useMutation, useQueryClient } from '@tanstack/react-query'
import { describeFailure } from '../api/problem.ts'
import { useToast } from './toast.tsx'

export interface MutationAct<Input> {
  /** Answers whether it went well; a failure is kept as words. */
  readonly run: (input: Input) => Promise<boolean>
  /** For those who show the failure themselves, such as Confirm. */
  readonly orThrow: (input: Input) => Promise<unknown>
  readonly isBusy: boolean
  readonly failure: string | undefined
  readonly reset: () => void
}

/** One act on the server: `done` is said in a corner when it went well, and what `refresh` names is asked again. */
export function useAct<Input = void>(
  work: (input: Input) => Promise<unknown>,
  options: { readonly done?: string; readonly refresh?: readonly string[] } = {},
): MutationAct<Input> {
  const client = useQueryClient()
  const toast = useToast()
  const mutation = useMutation({
    mutationFn: work,
    onSuccess: () => {
      if (options.done !== undefined) toast(options.done)
    },
    onSettled: () =>
      Promise.all((options.refresh ?? []).map((noun) => client.invalidateQueries({ queryKey: [noun] }))),
  })
  return {
    run: (input) =>
      mutation.mutateAsync(input).then(
        () => true,
        () => false,
      ),
    orThrow: mutation.mutateAsync,
    isBusy: mutation.isPending,
    failure: mutation.error === null ? undefined : describeFailure(mutation.error).detail,
    reset: mutation.reset,
  }
}
