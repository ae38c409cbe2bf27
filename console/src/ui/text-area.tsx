import type { ComponentProps, TextareaHTMLAttributes } from 'react'
import { cx } from './cx.ts'
import { FieldFrame } from './field.tsx'

/** As Field, for text of several lines. */
export function TextArea({
  label,
  hint,
  problem,
  className,
  ...rest
}: TextareaHTMLAttributes<HTMLTextAreaElement> &
  Omit<ComponentProps<typeof FieldFrame>, 'children'> & { readonly name: string }) {
  return (
    <FieldFrame label={label} hint={hint} problem={problem}>
      {(tie) => (
        <textarea
          rows={4}
          spellCheck={false}
          {...tie}
          {...rest}
          className={cx(
            'w-full rounded-md border border-line-strong bg-surface px-3 py-2 text-sm placeholder:text-muted aria-invalid:border-bad',
            className,
          )}
        />
      )}
    </FieldFrame>
  )
}
