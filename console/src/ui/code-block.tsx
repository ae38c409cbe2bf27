import { CopyButton } from './copy-button.tsx'

/** Code to paste. What is copied may differ from what is shown: a secret is shown masked. */
export function CodeBlock({
  shown,
  copied = shown,
  label,
}: {
  readonly shown: string
  readonly copied?: string
  readonly label: string
}) {
  return (
    <div className="relative rounded-md border border-line bg-canvas">
      <div className="absolute top-2 right-2">
        <CopyButton text={copied} what={label} />
      </div>
      <pre
        tabIndex={0}
        aria-label={label}
        className="overflow-x-auto p-3 font-mono max-sm:pt-11 sm:pr-24 text-xs leading-5 whitespace-pre"
      >
        {shown}
      </pre>
    </div>
  )
}
