import { useState, type ReactNode } from 'react'
import { Button } from './button.tsx'
import { Confirm } from './confirm.tsx'

/** The two acts that most things have: a form that edits it, and a question before it is deleted. */
export function EditAndDelete({
  mayNot,
  form,
  title,
  action,
  onDelete,
  children,
}: {
  /** Why it is not for this person; undefined: it is. */
  readonly mayNot: string | undefined
  readonly form: (close: () => void) => ReactNode
  readonly title: string
  readonly action: string
  readonly onDelete: () => Promise<unknown>
  /** What follows from deleting it. */
  readonly children: ReactNode
}) {
  const [open, setOpen] = useState<'edit' | 'delete'>()
  const close = (): void => setOpen(undefined)
  return (
    <>
      <Button onClick={() => setOpen('edit')} disabledReason={mayNot}>
        Edit
      </Button>
      <Button look="danger" onClick={() => setOpen('delete')} disabledReason={mayNot}>
        Delete
      </Button>
      {open === 'edit' && form(close)}
      {open === 'delete' && (
        <Confirm title={title} action={action} danger onConfirm={onDelete} onClose={close}>
          {children}
        </Confirm>
      )}
    </>
  )
}
