import { useId, useState } from 'react'
import { CodeBlock } from './code-block.tsx'
import { Tabs } from './tabs.tsx'

export interface Sample {
  /** In small letters, as it is remembered: `curl`, `node`, `python`. */
  readonly name: string
  readonly label: string
  readonly code: string
  /** What is shown where the code holds a secret; what is copied is `code`. */
  readonly shown?: string
}

const NAME = 'bulkhead.language'

/** Code in the reader's language; the choice is remembered and the same on every page. */
export function Samples({ label, samples }: { readonly label: string; readonly samples: readonly Sample[] }) {
  const id = useId()
  const [language, setLanguage] = useState(remembered)
  const sample = samples.find(({ name }) => name === language) ?? samples[0]
  if (sample === undefined) return null
  const choose = (name: string): void => {
    setLanguage(name)
    try {
      localStorage.setItem(NAME, name)
    } catch {
      // Storage may be denied; the choice then lives until the page is left.
    }
  }
  return (
    <div>
      <div className="border-b border-line">
        <Tabs
          label={label}
          tabs={samples.map(({ name, label: text }) => ({ name, label: text }))}
          chosen={sample.name}
          onChoose={choose}
          idPrefix={id}
        />
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-tab-${sample.name}`} className="pt-2">
        <CodeBlock
          shown={sample.shown ?? sample.code}
          copied={sample.code}
          label={`${label}: ${sample.label}`}
        />
      </div>
    </div>
  )
}

function remembered(): string | null {
  try {
    return localStorage.getItem(NAME)
  } catch {
    return null
  }
}
