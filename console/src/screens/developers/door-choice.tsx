import { useId } from 'react'
import { ChoiceCard } from '../../ui/choice-card.tsx'
import { DOOR_KEYS, DOOR_NAMES, DOORS, type Door } from './doors.ts'

/** For which programs a key is: those that were written for Bulkhead, or for another vendor, whose API the key then opens and nothing else. */
export function DoorChoice({
  door,
  onChange,
}: {
  readonly door: Door | undefined
  readonly onChange: (door: Door | undefined) => void
}) {
  const id = useId()
  return (
    <fieldset className="mb-4">
      <legend className="mb-1.5 text-sm font-medium">Which API it opens</legend>
      <div className="grid gap-2 sm:grid-cols-2">
        <ChoiceCard
          name={id}
          label="Bulkhead"
          hint="For new programs, the command line and the SDK."
          checked={door === undefined}
          onChoose={() => onChange(undefined)}
        />
        {DOORS.map((one) => (
          <ChoiceCard
            key={one}
            name={id}
            label={`As ${DOOR_NAMES[one]}`}
            hint={`For a program that was written for ${DOOR_NAMES[one]}: it keeps its SDK. The key begins with ${DOOR_KEYS[one]}`}
            checked={door === one}
            onChoose={() => onChange(one)}
          />
        ))}
      </div>
    </fieldset>
  )
}
