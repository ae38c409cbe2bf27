import type { ReactNode } from 'react'
import { CodeBlock } from '../../ui/code-block.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Samples, type Sample } from '../../ui/samples.tsx'

/** A first mail with a credential: the secret goes into the environment, the code holds none. Without `secret` the first step has a gap. */
export function SendSteps({
  lead,
  thing,
  variable,
  begin,
  secret,
  label,
  samples,
  children,
}: {
  readonly lead: string
  /** As in "Set the …". */
  readonly thing: 'key' | 'password'
  /** Of the environment, under which the samples look. */
  readonly variable: string
  /** What every secret of its kind begins with; empty where they have nothing in common. */
  readonly begin: string
  readonly secret: string | undefined
  readonly label: string
  readonly samples: readonly Sample[]
  readonly children?: ReactNode
}) {
  const shown = secret === undefined ? begin : secret.slice(0, begin.length + 4)
  return (
    <Panel title="Send a mail with it" lead={lead}>
      <div className="flex flex-col gap-4 p-4">
        <div>
          <p className="mb-1.5 text-sm">1. In the shell, or in the settings of your service:</p>
          <CodeBlock
            label={`Set the ${thing}`}
            shown={`export ${variable}='${shown}…'`}
            copied={`export ${variable}='${secret ?? `${begin}…`}'`}
          />
        </div>
        <div>
          <p className="mb-1.5 text-sm">2. In your program:</p>
          <Samples label={label} samples={samples} />
        </div>
        {children}
      </div>
    </Panel>
  )
}
