import type { FormEvent, ReactNode } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import type { MutationAct } from './use-mutation-act.ts'

/** A few fields and one act. It closes when the act went well; a failure is told in place and what was typed stays. */
export function FormDialog({
  title,
  action,
  act,
  disabledReason,
  onClose,
  children,
}: {
  readonly title: string
  /** What the button says: a verb. */
  readonly action: string
  readonly act: MutationAct<void>
  readonly disabledReason?: string | undefined
  readonly onClose: () => void
  readonly children: ReactNode
}) {
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (disabledReason !== undefined || act.isBusy) return
    void act.run().then((isDone) => {
      if (isDone) onClose()
    })
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        {act.failure !== undefined && (
          <p role="alert" className="mb-4 text-sm break-words text-bad">
            {act.failure}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" disabled={act.isBusy} disabledReason={disabledReason}>
            {act.isBusy ? 'Working…' : action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
